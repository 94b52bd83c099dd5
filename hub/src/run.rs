//! How the programme begins and ends: bind every port, say that it is ready, keep house, and drain when
//! told to go. What a hub consists of stands in `state.rs`.

use crate::admin;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::http::{self, Front};
use crate::link;
use crate::state::{Hub, private_dir};
use crate::world::StoreState;
use serde::Serialize;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

/// How often expired things are forgotten and the store is asked whether it is there.
const HOUSEKEEPING: Duration = Duration::from_secs(2);
/// How long pages have to take their farewell before the port closes.
const FAREWELL: Duration = Duration::from_millis(300);
/// The end comes after this, whatever still hangs.
const END_WITHIN: Duration = Duration::from_secs(10);

/// The line that `--ready-json` prints.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ready {
    ready: bool,
    pub http: SocketAddr,
    pub link: SocketAddr,
    pub media: SocketAddr,
    pub console: String,
    pub owner: String,
    pub admin_socket: PathBuf,
}

/// The ports that were really bound, which differ from the configuration where that says 0.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    pub http: SocketAddr,
    pub link: SocketAddr,
    pub media: SocketAddr,
}

impl Bound {
    pub fn console(&self, config: &Config) -> String {
        self.page(config, &config.http.console_host)
    }

    pub fn owner(&self, config: &Config) -> String {
        self.page(config, &config.http.owner_host)
    }

    /// The address that a browser opens.
    fn page(&self, config: &Config, host: &str) -> String {
        let (scheme, usual) = if config.http.tls.is_some() {
            ("https", 443)
        } else {
            ("http", 80)
        };
        match config.http.public_port.unwrap_or(self.http.port()) {
            port if port == usual => format!("{scheme}://{host}"),
            port => format!("{scheme}://{host}:{port}"),
        }
    }
}

/// Runs a hub until SIGTERM or SIGINT. `ready` is called once everything listens.
pub async fn run(config: Config, ready: impl FnOnce(&Ready)) -> Result<()> {
    private_dir(&config.data_dir)?;
    // First of all, because building a hub says of everything in the store that it is over.
    let admin = admin::listen(&config.data_dir)?;
    let hub = Hub::build(config).await?;
    let front = Front::new(hub.clone())?;
    let listening = http::listen(&front)?;
    let bound = Bound {
        http: listening.address,
        link: link::listen(hub.clone(), front.tasks.clone(), front.draining.clone()).await?,
        media: hub.feeds.local_addr(),
    };
    let owner_page = bound.owner(&hub.config);
    hub.owner_page.get_or_init(|| owner_page);
    let stop = until_told()?;
    let tasks = front.tasks.clone();
    tasks.spawn(keep_house(front.clone(), stop.clone()));
    tasks.spawn(admin::serve(admin, front.hub.clone(), bound, stop.clone()));
    tasks.spawn(hub.sharing.clone().keep_time(stop.clone()));
    tasks.spawn(hub.viewing.clone().watch(stop.clone()));
    tasks.spawn(hub.alerts.clone().watch_lines(stop.clone()));
    // Written until the very end: what callers do while they are let finish is kept too.
    let written = CancellationToken::new();
    let sharing = hub.sharing.clone().keep_written(written.clone());
    let incidents = hub.incidents.clone().keep_written(written.clone());
    let viewing = hub.viewing.clone().keep_written(written.clone());
    let writing = tokio::spawn(async move { tokio::join!(sharing, viewing, incidents) });
    let serving = tasks.spawn(listening.serve(front.clone()));
    tracing::info!(console = bound.console(&hub.config), owner = bound.owner(&hub.config), link = %bound.link, media = %bound.media, "the hub is ready");
    ready(&Ready {
        ready: true,
        http: bound.http,
        link: bound.link,
        media: bound.media,
        console: bound.console(&hub.config),
        owner: bound.owner(&hub.config),
        admin_socket: admin::socket_path(&hub.config.data_dir),
    });
    let failed = tokio::select! {
        () = stop.cancelled() => false,
        () = hub.feeds.failed() => true,
    };
    stop.cancel();
    drain(&front).await;
    written.cancel();
    let _ended = tokio::time::timeout(END_WITHIN, writing).await;
    hub.world.store.close().await;
    if failed {
        return Err(Error::unavailable(
            "The media engine ended by itself. Start the hub again; its service does so.",
        ));
    }
    if let Ok(Err(e)) = serving.await {
        return Err(Error::internal(e));
    }
    Ok(())
}

/// Cancelled by the first SIGTERM or SIGINT.
fn until_told() -> Result<CancellationToken> {
    let token = CancellationToken::new();
    let mut term = signal(SignalKind::terminate()).map_err(Error::internal)?;
    let mut int = signal(SignalKind::interrupt()).map_err(Error::internal)?;
    let told = token.clone();
    tokio::spawn(async move {
        tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
        told.cancel();
    });
    Ok(token)
}

async fn keep_house(front: Front, stop: CancellationToken) {
    let mut tick = interval(HOUSEKEEPING);
    let mut was = StoreState::Up;
    loop {
        tokio::select! { () = stop.cancelled() => return, _ = tick.tick() => {} }
        let hub = &front.hub;
        let state = hub.world.store.check().await;
        if state != was {
            tracing::warn!(?state, "the store went away, is full, or came back");
            front.notice();
            was = state;
        }
        if state == StoreState::Up {
            match hub.audit.replay().await {
                Ok(0) => {}
                Ok(events) => tracing::info!(events, "brought spooled records into the store"),
                Err(error) => tracing::warn!(%error, "spooled records stay in the spool"),
            }
        }
        hub.identity.sweep_sessions().await;
        front.sweep();
    }
}

/// Tells pages and devices, then lets open calls finish.
async fn drain(front: &Front) {
    tracing::info!("draining");
    front.notice();
    front.draining.cancel();
    tokio::time::sleep(FAREWELL).await;
    front.hub.feeds.close().await;
    front.tasks.close();
    if tokio::time::timeout(END_WITHIN, front.tasks.wait())
        .await
        .is_err()
    {
        tracing::warn!(tasks = front.tasks.len(), "some tasks did not end in time");
    }
}
