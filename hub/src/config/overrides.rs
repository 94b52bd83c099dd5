//! What environment and flags may set over the file: the fields that differ from one machine to the
//! next. The rest belongs in the file.

use super::{Config, LogFormat};
use assent_media::TcpListen;
use clap::Args;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

#[derive(Args, Clone, Debug, Default)]
pub struct Overrides {
    /// Folder for store, keys and audit spool
    #[arg(long, global = true, env = "ASSENT_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// Address of the pages and their API
    #[arg(long, global = true, env = "ASSENT_HTTP_LISTEN")]
    pub http_listen: Option<SocketAddr>,
    /// Host name of the operators' page
    #[arg(long, global = true, env = "ASSENT_HTTP_CONSOLE_HOST")]
    pub console_host: Option<String>,
    /// Host name of the owners' page
    #[arg(long, global = true, env = "ASSENT_HTTP_OWNER_HOST")]
    pub owner_host: Option<String>,
    /// Address where CORE devices attach
    #[arg(long, global = true, env = "ASSENT_LINK_LISTEN")]
    pub link_listen: Option<SocketAddr>,
    /// Names by which devices reach the hub, separated by commas
    #[arg(long, global = true, env = "ASSENT_LINK_NAMES", value_delimiter = ',')]
    pub link_names: Option<Vec<String>>,
    /// Address of the media engine's UDP port
    #[arg(long, global = true, env = "ASSENT_MEDIA_LISTEN")]
    pub media_listen: Option<SocketAddr>,
    /// Address of media over TCP, or beside (where UDP listens), or off
    #[arg(long, global = true, env = "ASSENT_MEDIA_TCP_LISTEN")]
    pub media_tcp_listen: Option<TcpListen>,
    /// Addresses offered for media, separated by commas
    #[arg(
        long,
        global = true,
        env = "ASSENT_MEDIA_ADVERTISE",
        value_delimiter = ','
    )]
    pub media_advertise: Option<Vec<IpAddr>>,
    /// `sqlite:…` or `postgres://…`
    #[arg(long, global = true, env = "ASSENT_STORE_URL", hide_env_values = true)]
    pub store_url: Option<String>,
    /// Folder with the built pages
    #[arg(long, global = true, env = "ASSENT_WEB_DIR")]
    pub web_dir: Option<PathBuf>,
    /// Serve /metrics beyond loopback
    #[arg(long, global = true, env = "ASSENT_METRICS_PUBLIC")]
    pub metrics_public: Option<bool>,
    /// Readable or JSON log lines
    #[arg(long, global = true, env = "ASSENT_LOG_FORMAT")]
    pub log_format: Option<LogFormat>,
    /// What is logged, as in info,assent_hub=debug
    #[arg(long, global = true, env = "ASSENT_LOG")]
    pub log: Option<String>,
}

impl Overrides {
    pub(super) fn lay_over(self, config: &mut Config) {
        set(&mut config.data_dir, self.data_dir);
        set(&mut config.http.listen, self.http_listen);
        set(&mut config.http.console_host, self.console_host);
        set(&mut config.http.owner_host, self.owner_host);
        set(&mut config.link.listen, self.link_listen);
        set(&mut config.link.names, self.link_names);
        set(&mut config.media.listen, self.media_listen);
        set(&mut config.media.tcp_listen, self.media_tcp_listen);
        set(&mut config.media.advertise, self.media_advertise);
        set(&mut config.store.url, self.store_url.map(Some));
        set(&mut config.web.dir, self.web_dir.map(Some));
        set(&mut config.metrics.public, self.metrics_public);
        set(&mut config.log.format, self.log_format);
        set(&mut config.log.filter, self.log);
    }
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}
