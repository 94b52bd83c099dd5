//! The owner at the device: the code that pairs a phone, the yes to what waits for somebody here, and the
//! factory reset, which only whoever has a shell on the device can give.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse as _, Response};
use serde_json::json;

use super::answer::{Answer, problem, wants_page};
use super::report::Eyes;
use super::{Caller, Local, eyes, origin, page};
use crate::gate::{Confirmed, WaitsFor};
use crate::pairing::Invitation;

/// Why there is no code, in words for an installer.
const NO_CODE: &str = "There is no code to show: this device has an owner already, or it is not enrolled, \
     or consent_origins names no page of the owner's in its configuration, or wrong tries ended the code.";

pub(super) async fn show_code(State(local): State<Arc<Local>>) -> Html<String> {
    let invitation = local.gate.invitation(false).await.ok().flatten();
    let paired = local.gate.status().borrow().standing.paired;
    Html(render(&local.premises, invitation.as_ref(), paired))
}

/// The code, and a new one where wrong tries ended the one before.
pub(super) async fn new_code(State(local): State<Arc<Local>>, headers: HeaderMap) -> Response {
    if !origin::is_own(&headers) {
        return Answer::ForeignPage.to(&headers);
    }
    match local.gate.invitation(true).await {
        Ok(_) if wants_page(&headers) => axum::response::Redirect::to("/pair").into_response(),
        Ok(Some(invitation)) => Json(json!({ "url": invitation.url() })).into_response(),
        Ok(None) => problem(StatusCode::CONFLICT, NO_CODE),
        Err(_) => Answer::GoingDown.to(&headers),
    }
}

/// Somebody at the device says yes to the pairing or the ceiling that waits.
pub(super) async fn confirm(State(local): State<Arc<Local>>, headers: HeaderMap) -> Response {
    if !origin::is_own(&headers) {
        return Answer::ForeignPage.to(&headers);
    }
    match local.gate.confirm().await {
        Ok(_) if wants_page(&headers) => axum::response::Redirect::to("/").into_response(),
        Ok(Confirmed::Paired) => Json(json!({ "confirmed": "pairing" })).into_response(),
        Ok(Confirmed::Ceiling) => Json(json!({ "confirmed": "ceiling" })).into_response(),
        Ok(Confirmed::Nothing) => problem(
            StatusCode::CONFLICT,
            "Nothing waits for a yes at the device; a phone's question waits 60 seconds.",
        ),
        Ok(Confirmed::NotKept) => problem(
            StatusCode::INSUFFICIENT_STORAGE,
            "The device cannot write it down; check its disk.",
        ),
        Err(_) => Answer::GoingDown.to(&headers),
    }
}

pub(super) async fn reset(
    State(local): State<Arc<Local>>,
    caller: Caller,
    headers: HeaderMap,
) -> Response {
    if eyes(caller, local.own) != Eyes::OnDevice || !origin::is_own(&headers) {
        return problem(
            StatusCode::FORBIDDEN,
            "A factory reset is only done on the device itself: `assent-core reset --factory`.",
        );
    }
    match local.gate.reset().await {
        Ok(reset) if reset.kept => Json(json!({ "epoch": reset.epoch })).into_response(),
        Ok(_) => problem(
            StatusCode::INSUFFICIENT_STORAGE,
            "The device cannot write it down; after a loss of power the old owner would be back.",
        ),
        Err(_) => Answer::GoingDown.to(&headers),
    }
}

/// On the first page, when somebody here is asked.
pub(super) fn ask(html: &mut String, waits: Option<WaitsFor>) {
    let question = match waits {
        Some(WaitsFor::Pairing) => {
            "A phone wants to become this device's owner. Confirm only if it is yours."
        }
        Some(WaitsFor::Ceiling) => {
            "An owner changes how much may be shared at most. Confirm only if you agreed."
        }
        None => return,
    };
    let _ = write!(
        html,
        "<form class=card method=post action=/confirm><p>{question}</p>\
         <button class=plain>Confirm</button></form>"
    );
}

fn render(premises: &str, invitation: Option<&Invitation>, paired: bool) -> String {
    let mut html = String::with_capacity(64 * 1024);
    page::open(&mut html, premises, "");
    match invitation.and_then(Invitation::svg) {
        Some(svg) => {
            let _ = write!(
                html,
                "<section class=card><h2>Scan with the owner's phone</h2>{svg}\
                 <p>Then come back to this device and confirm within 60 seconds. Whoever scans this \
                 code and confirms here is the owner.</p></section>"
            );
        }
        None if paired => html.push_str(
            "<section class=card><h2>This device has an owner</h2>\
             <p>Other phones are added in the owner's app. Who lost every phone resets the device.</p>\
             </section>",
        ),
        None => {
            let _ = write!(
                html,
                "<section class=card><h2>No code</h2><p>{NO_CODE}</p>\
                 <form method=post action=/pair><button class=plain>Make a new code</button></form>\
                 </section>"
            );
        }
    }
    html.push_str("<p><a href=/>Back</a></p></main></body></html>\n");
    html
}
