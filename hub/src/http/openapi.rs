//! The API's description (OpenAPI 3.1): served, and checked in as `hub/openapi.json`, from which the
//! pages' types are made. A change of the API therefore shows in review.

use super::guard::{COOKIE, Who};
use super::routes::{self, Verb};
use super::{
    alerts, approvals, health, hooks, idempotency, incidents, mailbox, metrics, presses, problem,
    revokes, session, stream, tickets, tiles, viewings, walls, whep, words,
};
use crate::sharing;
use crate::viewing;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use std::sync::LazyLock;
use utoipa::OpenApi;
use utoipa::openapi::Required;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};

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
        words::nonce,
        words::present,
        words::known,
        mailbox::leave,
        mailbox::answer,
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
    let mut text = described().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// What the handlers say of themselves, and who may call them from the table of routes.
fn described() -> utoipa::openapi::OpenApi {
    let mut api = Api::openapi();
    let components = api.components.get_or_insert_default();
    let cookie =
        ApiKeyValue::with_description(COOKIE, "Of somebody who is signed in on this page's host.");
    components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    components.add_security_scheme(
        "token",
        SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
    );
    for route in routes::table() {
        let Some(item) = api.paths.paths.get_mut(route.path) else {
            continue;
        };
        let operation = match route.rule.verb {
            Verb::Get => &mut item.get,
            Verb::Post => &mut item.post,
            Verb::Put => &mut item.put,
            Verb::Delete => &mut item.delete,
        };
        if let Some(operation) = operation {
            if idempotency::needs_key(route.rule) {
                operation
                    .parameters
                    .get_or_insert_default()
                    .push(idempotency_key().into());
            }
            let who = ExtensionsBuilder::new()
                .add("x-who", route.rule.who.name())
                .build();
            operation.extensions.get_or_insert_default().merge(who);
            operation.security = needed(route.rule.who, route.path)
                .map(|scheme| vec![SecurityRequirement::new(scheme, [""; 0])]);
        }
    }
    api
}

fn idempotency_key() -> Parameter {
    let text = ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::String))
        .min_length(Some(1))
        .max_length(Some(idempotency::LONGEST_KEY));
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::True)
        .schema(Some(text))
        .description(Some(
            "Chosen by the caller; the same whenever this call is sent again.",
        ))
        .build()
}

fn needed(who: Who, path: &str) -> Option<&'static str> {
    match who {
        Who::SignedIn | Who::Owner | Who::Operator => Some("session"),
        Who::Signed if path.starts_with("/whep/") => Some("token"),
        Who::Signed | Who::Anybody | Who::Loopback | Who::Visitor => None,
    }
}

/// This description.
#[utoipa::path(get, path = "/api/openapi.json", tag = "health", responses((status = 200, body = Object)))]
pub(super) async fn serve() -> Response {
    static TEXT: LazyLock<String> = LazyLock::new(openapi_json);
    ([(header::CONTENT_TYPE, "application/json")], TEXT.as_str()).into_response()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
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
