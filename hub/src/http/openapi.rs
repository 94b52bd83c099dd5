//! The API's description (OpenAPI 3.1): served, and checked in as `hub/openapi.json`, from which the
//! pages' types are made. A change of the API therefore shows in review.

use super::Front;
use super::{
    alerts, approvals, health, hooks, incidents, metrics, presses, problem, revokes, session,
    stream, tickets, tiles, viewings, walls, whep,
};
use crate::sharing;
use crate::viewing;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Assent hub",
        description = "Calls of the console and the owners' page. Every error is `application/problem+json`."
    ),
    paths(
        health::alive,
        health::ready,
        metrics::show,
        serve,
        session::by_link,
        session::passkey_challenge,
        session::by_passkey,
        session::me,
        session::sign_out,
        session::new_passkey_challenge,
        session::new_passkey,
        stream::open,
        presses::press,
        revokes::revoke,
        approvals::approve,
        tickets::make_ticket,
        alerts::acknowledge,
        incidents::clear,
        hooks::take,
        viewings::history,
        walls::open,
        walls::close,
        tiles::set,
        whep::make_token,
        whep::open,
        whep::close,
    ),
    components(schemas(
        problem::Problem,
        stream::Notice,
        stream::Duty,
        sharing::Share,
        sharing::Press,
        sharing::Ask,
        sharing::OwnerPremises,
        viewing::OperatorCamera,
        viewing::Tile,
        viewing::ViewingShown,
        crate::incidents::Incident,
    ))
)]
struct Api;

/// The description as it is checked in.
pub fn openapi_json() -> String {
    let mut text = Api::openapi().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// This description.
#[utoipa::path(get, path = "/api/openapi.json", tag = "health", responses((status = 200, body = Object)))]
pub(super) async fn serve(State(_front): State<Front>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], openapi_json()).into_response()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::http::routes;
    use std::collections::BTreeSet;

    const CHECKED_IN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");

    #[test]
    fn the_checked_in_description_is_the_one_served() {
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(CHECKED_IN, openapi_json()).unwrap();
        }
        let checked_in = std::fs::read_to_string(CHECKED_IN).unwrap_or_default();
        assert!(
            checked_in == openapi_json(),
            "hub/openapi.json is not what the hub serves: run this test with UPDATE=1 and look at the difference"
        );
    }

    #[test]
    fn table_and_description_name_the_same_calls() {
        let described: BTreeSet<String> = serde_json::to_value(Api::openapi().paths)
            .unwrap()
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, item)| {
                let methods = item
                    .as_object()
                    .unwrap()
                    .keys()
                    .map(|m| m.to_uppercase())
                    .collect::<Vec<_>>();
                methods.into_iter().map(move |m| format!("{m} {path}"))
            })
            .collect();
        let routed: BTreeSet<String> = routes::table()
            .iter()
            .map(|route| {
                format!(
                    "{} {}",
                    format!("{:?}", route.rule.verb).to_uppercase(),
                    route.path
                )
            })
            .collect();
        assert_eq!(described, routed);
    }
}
