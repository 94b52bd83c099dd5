//! The HTTP front: every page and every call of the API, from one visible table of routes. It knows who
//! may call what, how errors look and how connections end; what a call does is its slice's business.

mod alerts;
mod approvals;
mod certificate;
mod extract;
mod guard;
mod headers;
mod health;
mod hooks;
mod host;
mod idempotency;
mod incidents;
mod limits;
mod listen;
mod mailbox;
mod metrics;
mod openapi;
mod pages;
mod presses;
mod problem;
mod revokes;
mod routes;
mod session;
mod stream;
mod tickets;
mod tiles;
mod tokens;
mod viewings;
mod walls;
mod whep;
mod words;

pub use listen::{Listening, cannot_listen, listen};
pub use openapi::openapi_json;

use crate::error::{Error, Result};
use crate::state::Hub;
use axum::Router;
use idempotency::Kept;
use limits::Limits;
use std::sync::Arc;
use stream::Streams;
use tickets::Tickets;
use tokens::Tokens;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What the HTTP front keeps for itself beside the hub. A handle; clones share everything.
#[derive(Clone)]
pub struct Front {
    pub hub: Hub,
    limits: Arc<Limits>,
    kept: Arc<Kept>,
    streams: Arc<Streams>,
    tickets: Arc<Tickets>,
    tokens: Arc<Tokens>,
    web: Option<Arc<std::path::PathBuf>>,
    /// Moves when `notice` may say something else.
    notices: watch::Sender<u64>,
    /// Streams and watchers; the end waits for them.
    pub tasks: TaskTracker,
    /// Cancelled when the hub begins to go away.
    pub draining: CancellationToken,
}

impl Front {
    pub fn new(hub: Hub) -> Result<Self> {
        let tokens = Tokens::open(&hub.config.data_dir)?;
        let streams = Streams::new(&hub.world.clock);
        let web = hub.config.web_dir().map(Arc::new);
        if web.is_none() {
            tracing::warn!(
                "no built pages found: set web.dir, or build them (npm run build in web/)"
            );
        }
        Ok(Self {
            hub,
            limits: Arc::default(),
            kept: Arc::default(),
            streams: Arc::new(streams),
            tickets: Arc::default(),
            tokens: Arc::new(tokens),
            web,
            notices: watch::Sender::new(0),
            tasks: TaskTracker::new(),
            draining: CancellationToken::new(),
        })
    }

    /// The whole front as one service: the table, then pages for every other path.
    pub fn app(&self) -> Router {
        use axum::middleware::from_fn_with_state;
        routes::router(self)
            .fallback(pages::serve)
            .method_not_allowed_fallback(problem::wrong_method)
            .layer(tower_http::catch_panic::CatchPanicLayer::custom(
                problem::panicked,
            ))
            .layer(from_fn_with_state(self.clone(), headers::secure))
            .layer(from_fn_with_state(self.clone(), problem::render))
            .with_state(self.clone())
    }

    /// Finishes what it began although the caller hangs up or the time is over: a press is never half a press.
    async fn whole<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        self.tasks.spawn(work).await.map_err(Error::internal)?
    }

    /// The store went away or came back, or the hub is about to stop.
    pub fn notice(&self) {
        self.notices.send_modify(|number| *number += 1);
    }

    /// Forgets what is too old to matter. Called every few seconds.
    pub fn sweep(&self) {
        let now = self.hub.world.clock.now();
        self.limits.sweep();
        self.kept.sweep(now);
        self.tickets.sweep(now);
        self.streams.sweep(now);
        self.hub.mailbox.sweep();
        metrics::upkeep();
    }
}

#[cfg(test)]
mod tests;
