//! The hub's configuration: one TOML file, then the environment, then flags, each over the one before.
//! Every field has a default, so that a hub starts with none of them; a field that does not exist is
//! refused by its name. `deploy/hub.example.toml` shows them all.

mod overrides;

pub use overrides::Overrides;

use crate::error::{Error, Result};
use crate::world::AgencyId;
use assent_consent as consent;
use assent_media::TcpListen;
use serde::Deserialize;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the hub keeps its store, keys and audit spool. Made if missing, readable by its user only.
    pub data_dir: PathBuf,
    pub http: Http,
    pub link: Link,
    pub media: Media,
    pub store: Store,
    pub web: Web,
    /// Sources outside that may post alerts, each with a secret of its own.
    pub hooks: Vec<Hook>,
    pub metrics: Metrics,
    pub log: Log,
}

/// The pages and their API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Plain HTTP is served on loopback only; any other address needs `tls`.
    pub listen: SocketAddr,
    pub tls: Option<Tls>,
    /// Host name of the operators' page, and the relying-party id of their passkeys.
    pub console_host: String,
    /// Host name of the owners' page. Never the console's: the two must share neither cookies nor keys.
    pub owner_host: String,
    /// The port that browsers see, where a proxy or tunnel changes it. Default: the one listened on.
    pub public_port: Option<u16>,
}

/// A certificate chain and its key, both PEM.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    pub cert: PathBuf,
    pub key: PathBuf,
}

/// Where CORE devices attach, always with mutual TLS under the hub's own authority.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Link {
    pub listen: SocketAddr,
    /// Host names and addresses that stand in the link's certificate and in claim codes; the first is the one that devices are told.
    pub names: Vec<String>,
}

/// The media engine's one UDP port, and one of TCP for networks that block UDP.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Media {
    pub listen: SocketAddr,
    /// `beside`: the address and port number of `listen`, unless it is taken. Else an address, or `off`.
    #[serde(deserialize_with = "tcp_listen")]
    pub tcp_listen: TcpListen,
    /// Addresses offered to devices and browsers. Default: the one listened on.
    pub advertise: Vec<IpAddr>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Store {
    /// `sqlite:…` or `postgres://…`. Default: `hub.db` in the data directory.
    pub url: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Web {
    /// Folder with the built pages (`console/`, `owner/`). Default: `web` beside the programme, or `./web/dist`.
    pub dir: Option<PathBuf>,
}

/// One source of alerts: a gunshot detector, an alarm panel.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// The last part of its address, `/api/hooks/<name>`.
    pub name: String,
    /// File with the `whsec_…` secret that the source signs with (Standard Webhooks 1.0).
    pub secret_file: PathBuf,
    /// The agency that its alerts ask for, by key or id.
    #[serde(deserialize_with = "agency")]
    pub agency: AgencyId,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    /// Serve `/metrics` to callers that are not on loopback too.
    pub public: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    pub format: LogFormat,
    /// What is logged, as in `info,assent_hub=debug`.
    pub filter: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: default_data_dir(),
            http: Http::default(),
            link: Link::default(),
            media: Media::default(),
            store: Store::default(),
            web: Web::default(),
            hooks: Vec::new(),
            metrics: Metrics::default(),
            log: Log::default(),
        }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: loopback(7400),
            tls: None,
            console_host: "console.localhost".into(),
            owner_host: "owner.localhost".into(),
            public_port: None,
        }
    }
}

impl Default for Link {
    fn default() -> Self {
        Self {
            listen: loopback(7443),
            names: vec!["localhost".into(), "127.0.0.1".into()],
        }
    }
}

impl Default for Media {
    fn default() -> Self {
        Self {
            listen: loopback(7470),
            tcp_listen: TcpListen::Beside,
            advertise: Vec::new(),
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            filter: "info".into(),
        }
    }
}

impl Config {
    /// Reads the file if one is named, lays environment and flags over it, and refuses what cannot work.
    pub fn load(file: Option<&Path>, overrides: Overrides) -> Result<Self> {
        let mut config = match file {
            Some(path) => {
                Self::parse(&read(path)?).map_err(|e| e.because(path.display().to_string()))?
            }
            None => Self::default(),
        };
        overrides.lay_over(&mut config);
        config.check()?;
        Ok(config)
    }

    fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).map_err(|e| {
            Error::invalid(format!(
                "The configuration cannot be used: {}",
                e.to_string().trim()
            ))
        })
    }

    fn check(&self) -> Result<()> {
        if self.http.console_host == self.http.owner_host {
            return Err(Error::invalid(
                "http.console_host and http.owner_host must differ: pages of one host would share cookies and passkeys.",
            ));
        }
        if self.http.tls.is_none() && !self.http.listen.ip().is_loopback() {
            return Err(Error::invalid(format!(
                "http.listen = {} is not loopback, and plain HTTP is served on loopback only. Set http.tls (cert and key), or listen on 127.0.0.1.",
                self.http.listen
            )));
        }
        if self.link.names.is_empty() {
            return Err(Error::invalid(
                "link.names must hold at least one name by which devices reach the hub.",
            ));
        }
        if self.media.listen.ip().is_unspecified() && self.media.advertise.is_empty() {
            return Err(Error::invalid(
                "media.listen is a wildcard: set media.advertise to the addresses that browsers and devices can reach.",
            ));
        }
        let unfit = |hook: &&Hook| consent::AlertSource::new(hook.name.as_str()).is_err();
        if let Some(hook) = self.hooks.iter().find(unfit) {
            return Err(Error::invalid(format!(
                "The name of the hook {:?} is longer than 64 bytes or holds control characters.",
                hook.name
            )));
        }
        Ok(())
    }

    /// The store's URL; SQLite in the data directory unless one is set.
    pub fn store_url(&self) -> String {
        match &self.store.url {
            Some(url) => url.clone(),
            None => format!(
                "sqlite://{}?mode=rwc",
                self.data_dir.join("hub.db").display()
            ),
        }
    }

    /// The folder with the built pages, if there is one.
    pub fn web_dir(&self) -> Option<PathBuf> {
        let beside = std::env::current_exe()
            .ok()
            .and_then(|exe| Some(exe.parent()?.join("web")));
        let candidates = [
            self.web.dir.clone(),
            beside,
            Some(PathBuf::from("web/dist")),
        ];
        let chosen = if self.web.dir.is_some() {
            1
        } else {
            candidates.len()
        };
        candidates
            .into_iter()
            .take(chosen)
            .flatten()
            .find(|dir| dir.join("console").is_dir() || dir.join("owner").is_dir())
    }
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|e| {
        Error::invalid(format!(
            "The configuration file {} cannot be read: {e}",
            path.display()
        ))
    })
}

fn agency<'de, D: serde::Deserializer<'de>>(from: D) -> std::result::Result<AgencyId, D::Error> {
    Ok(AgencyId::of_key(&String::deserialize(from)?))
}

fn tcp_listen<'de, D: serde::Deserializer<'de>>(
    from: D,
) -> std::result::Result<TcpListen, D::Error> {
    String::deserialize(from)?
        .parse()
        .map_err(serde::de::Error::custom)
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

/// `/var/lib/assent-hub` for root, else the user's own state folder.
fn default_data_dir() -> PathBuf {
    if rustix::process::geteuid().is_root() {
        return PathBuf::from("/var/lib/assent-hub");
    }
    match std::env::var_os("HOME") {
        Some(home) => PathBuf::from(home).join(".local/state/assent-hub"),
        None => PathBuf::from("assent-hub-data"),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_hub_starts_with_no_configuration_at_all() {
        let config = Config::load(None, Overrides::default()).unwrap();
        assert!(config.http.listen.ip().is_loopback());
        assert!(config.store_url().starts_with("sqlite://"));
    }

    #[test]
    fn an_unknown_field_is_refused_by_its_name() {
        let error = Config::parse("[http]\nlissten = \"127.0.0.1:1\"").unwrap_err();
        assert!(error.public.contains("lissten"), "{error}");
    }

    #[test]
    fn plain_http_beyond_loopback_is_refused() {
        let config = Config::parse("[http]\nlisten = \"0.0.0.0:80\"").unwrap();
        assert!(config.check().unwrap_err().public.contains("loopback only"));
    }

    #[test]
    fn media_over_tcp_is_beside_udp_elsewhere_or_off() {
        let said = |value: &str| {
            Config::parse(&format!("[media]\ntcp_listen = \"{value}\""))
                .map(|config| config.media.tcp_listen)
        };
        assert_eq!(Config::default().media.tcp_listen, TcpListen::Beside);
        assert_eq!(said("off").unwrap(), TcpListen::Off);
        assert_eq!(said("127.0.0.1:443").unwrap(), TcpListen::At(loopback(443)));
        assert!(said("sideways").unwrap_err().public.contains("beside"));
    }

    #[test]
    fn one_host_for_both_pages_is_refused() {
        let config = Config::parse("[http]\nowner_host = \"console.localhost\"").unwrap();
        assert!(config.check().is_err());
    }

    #[test]
    fn a_flag_wins_over_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hub.toml");
        std::fs::write(
            &path,
            "[http]\nlisten = \"127.0.0.1:1\"\n[log]\nformat = \"json\"",
        )
        .unwrap();
        let flags = Overrides {
            http_listen: Some(loopback(2)),
            ..Overrides::default()
        };
        let config = Config::load(Some(&path), flags).unwrap();
        assert_eq!(
            (config.http.listen.port(), config.log.format),
            (2, LogFormat::Json)
        );
    }

    #[test]
    fn the_example_file_names_every_field_with_its_default() {
        let example = include_str!("../../deploy/hub.example.toml");
        let config = Config::parse(example).unwrap();
        let mut defaults = Config::default();
        defaults.data_dir.clone_from(&config.data_dir);
        assert_eq!(format!("{config:?}"), format!("{defaults:?}"));
        // With the commented lines switched on, the file must still be one that the hub understands.
        let all: String = example
            .lines()
            .map(|l| l.strip_prefix("#: ").unwrap_or(l))
            .map(|l| format!("{l}\n"))
            .collect();
        Config::parse(&all).unwrap();
    }
}
