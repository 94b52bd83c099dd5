//! The device's own page on the LAN: how things are, STOP, and the button. Stopping needs no sign-in, no
//! script, no hub and no storage; it is answered when the cameras are shut. What a press opens is
//! decided by `gate`. A silent press cannot be seen here; STOP ends it all the same. An owner's phone is
//! paired here, with the code on this page and somebody's yes.

mod answer;
pub mod client;
mod door;
mod origin;
mod owner;
mod page;
mod report;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use assent_consent::{Level, TriggerId};
use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::http::{HeaderMap, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt as _;
use axum::{Extension, Form, Json, Router};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::camera::Cameras;
use crate::gate::{Gate, LocalPress};
use crate::link::Attached;
use crate::valve::Valves;
use answer::Answer;
use door::{BOUNDS, Door};
use report::{Eyes, Report};

/// A press is a few words.
const MOST_BODY: usize = 4 * 1024;
/// Requests under way may end; a page that is being read does not hold the device up.
const DRAINS_WITHIN: Duration = Duration::from_secs(1);

/// What the page shows and reaches.
pub struct Local {
    pub premises: String,
    /// Where the page listens: whoever comes from this very address is on the device too.
    pub own: IpAddr,
    pub gate: Gate,
    pub cameras: Cameras,
    pub valves: Valves,
    pub attached: watch::Receiver<Attached>,
}

impl Local {
    /// Serves until `stop`.
    pub async fn serve(self, listener: TcpListener, stop: CancellationToken) {
        let router = router(Arc::new(self)).into_make_service_with_connect_info::<SocketAddr>();
        let ended = stop.clone();
        // Answers are small and leave at once; where that cannot be set they leave a little later.
        let door = Door::new(listener, BOUNDS).tap_io(door::Visit::hurry);
        let serving = axum::serve(door, router).with_graceful_shutdown(ended.cancelled_owned());
        let drained = async {
            stop.cancelled().await;
            tokio::time::sleep(DRAINS_WITHIN).await;
        };
        tokio::select! {
            result = serving => if let Err(error) = result {
                tracing::error!(%error, "the local page ended");
            },
            () = drained => {}
        }
    }
}

fn router(local: Arc<Local>) -> Router {
    Router::new()
        .route("/", get(show))
        .route("/button", get(show_button))
        .route("/style.css", get(style))
        .route("/status", get(status))
        .route("/stop", post(stop))
        .route("/press", post(press))
        .route("/resume", post(resume))
        .route("/pair", get(owner::show_code).post(owner::new_code))
        .route("/confirm", post(owner::confirm))
        .route("/reset", post(owner::reset))
        .layer(DefaultBodyLimit::max(MOST_BODY))
        .layer(middleware::from_fn(guarded))
        .with_state(local)
}

/// Nothing on this page is loaded from elsewhere, framed by another page or kept by a browser.
async fn guarded(request: axum::extract::Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in headers {
        response
            .headers_mut()
            .insert(name, header::HeaderValue::from_static(value));
    }
    response
}

async fn show(State(local): State<Arc<Local>>) -> Html<String> {
    Html(page::render(&Report::of(&local, Eyes::Anybody)))
}

async fn show_button(State(local): State<Arc<Local>>) -> Html<String> {
    Html(page::render_button(&local.premises))
}

async fn style() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/css")],
        include_str!("local/style.css"),
    )
}

type Caller = Option<Extension<ConnectInfo<SocketAddr>>>;

async fn status(State(local): State<Arc<Local>>, caller: Caller) -> Json<Report> {
    Json(Report::of(&local, eyes(caller, local.own)))
}

/// Who works on the device itself, by its `status` command, may know what a bystander must not. Its commands
/// come over loopback, or from the page's own address where it listens on the LAN only; nobody else can hold
/// a conversation over TCP from there.
fn eyes(caller: Caller, own: IpAddr) -> Eyes {
    let Some(Extension(ConnectInfo(from))) = caller else {
        return Eyes::Anybody;
    };
    let from = from.ip().to_canonical();
    if from.is_loopback() || from == own.to_canonical() {
        Eyes::OnDevice
    } else {
        Eyes::Anybody
    }
}

/// From anyone, from any page: whoever stands in the building may end it.
async fn stop(State(local): State<Arc<Local>>, caller: Caller, headers: HeaderMap) -> Response {
    let live = local.gate.status().borrow().live.clone();
    let mut stopped = local.gate.stop_everything().await;
    // What this page never showed it does not show by its end either.
    stopped.retain(|id| {
        let share = live.iter().find(|share| share.live.id == *id);
        eyes(caller, local.own) == Eyes::OnDevice || share.is_none_or(|share| !share.is_silent())
    });
    Answer::Stopped(&stopped).to(&headers)
}

/// What the button sends, as JSON or as a form; nothing at all is a panic press.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PressWords {
    /// 16 bytes in hex (hyphens allowed), chosen by a button that may send it twice.
    id: Option<uuid::Uuid>,
    level: LevelWord,
    silent: Tick,
    drill: Tick,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
enum LevelWord {
    StaffAlert,
    #[default]
    Panic,
}

/// A boolean, or a form's ticked box.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(from = "TickWord")]
struct Tick(bool);

#[derive(Deserialize)]
#[serde(untagged)]
enum TickWord {
    Bool(bool),
    Text(String),
}

impl From<TickWord> for Tick {
    fn from(word: TickWord) -> Self {
        match word {
            TickWord::Bool(value) => Self(value),
            TickWord::Text(text) => Self(matches!(text.as_str(), "true" | "on" | "1")),
        }
    }
}

impl PressWords {
    fn meant(&self) -> LocalPress {
        let level = match self.level {
            LevelWord::StaffAlert => Level::StaffAlert,
            LevelWord::Panic => Level::Panic,
        };
        let id = self.id.map(|id| TriggerId(id.into_bytes()));
        LocalPress {
            id,
            level,
            silent: self.silent.0,
            drill: self.drill.0,
        }
    }
}

async fn press(
    State(local): State<Arc<Local>>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Response {
    if !origin::is_own(&headers) {
        return Answer::ForeignPage.to(&headers);
    }
    let Some(words) = read_press(&headers, &body).await else {
        return Answer::NotUnderstood.to(&headers);
    };
    match local.gate.press(words.meant()).await {
        Ok(pressed) => Answer::Pressed(&pressed).to(&headers),
        Err(_) => Answer::GoingDown.to(&headers),
    }
}

async fn read_press(headers: &HeaderMap, body: &axum::body::Bytes) -> Option<PressWords> {
    let form = headers.get(header::CONTENT_TYPE).is_some_and(|kind| {
        kind.as_bytes()
            .starts_with(b"application/x-www-form-urlencoded")
    });
    if body.is_empty() {
        return Some(PressWords::default());
    }
    if form {
        let request = axum::http::Request::post("/")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(axum::body::Body::from(body.clone()))
            .ok()?;
        let form =
            <Form<PressWords> as axum::extract::FromRequest<()>>::from_request(request, &()).await;
        return form.ok().map(|Form(words)| words);
    }
    serde_json::from_slice(body).ok()
}

/// Lets standing shares run again after a STOP.
async fn resume(State(local): State<Arc<Local>>, headers: HeaderMap) -> Response {
    if !origin::is_own(&headers) {
        return Answer::ForeignPage.to(&headers);
    }
    match local.gate.unpause().await {
        Ok(()) => Answer::Resumed.to(&headers),
        Err(_) => Answer::GoingDown.to(&headers),
    }
}

#[cfg(test)]
mod tests;
