//! A hub in a world of its own, called as a browser would, without a socket.

use super::TestWorld;
use crate::config::Config;
use crate::http::Front;
use crate::identity::{Badge, Person, Role};
use crate::registry::{Agency, Kind, Premises};
use crate::state::Hub;
use crate::world::{AgencyId, Engine, PersonId, PremisesId, Private};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use serde_json::Value;
use tower::ServiceExt;
use uuid::Uuid;

/// A town of one shop, its owner `maria` and the operators `op417` and `op418`.
pub(crate) struct TestHub {
    pub(crate) hub: Hub,
    pub(crate) front: Front,
    pub(crate) test: TestWorld,
    app: Router,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) json: Value,
}

impl Answer {
    /// The tail of a problem's type.
    pub(crate) fn problem(&self) -> &str {
        self.json["type"]
            .as_str()
            .unwrap_or_default()
            .trim_start_matches("urn:assent:problem:")
    }

    pub(crate) fn cookie(&self) -> String {
        let set = self.headers[header::SET_COOKIE].to_str().unwrap();
        set.split(';').next().unwrap().to_owned()
    }
}

impl TestHub {
    pub(crate) async fn new() -> Self {
        Self::with(Config::default()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        Self::on(Engine::Sqlite, config).await
    }

    pub(crate) async fn on(engine: Engine, mut config: Config) -> Self {
        let test = TestWorld::on(engine).await;
        config.data_dir = test.data_dir();
        config.media.listen.set_port(0);
        config.link.listen.set_port(0);
        let hub = Hub::build_in(config, test.world.clone()).await.unwrap();
        let front = Front::new(hub.clone()).unwrap();
        let made = Self {
            app: front.app(),
            hub,
            front,
            test,
        };
        made.people().await;
        made
    }

    async fn people(&self) {
        let (agency, shop) = (AgencyId::of_key("pd"), PremisesId::of_key("shop"));
        self.hub
            .registry
            .put_agency(Agency {
                id: agency,
                name: "Springfield PD".into(),
            })
            .await
            .unwrap();
        let premises = Premises {
            id: shop,
            agency,
            kind: Kind::Business,
            name: "Corner Shop".into(),
            address: Private::new("12 Elm Street".into()),
            call_back: None,
            keyholder: None,
            place: None,
        };
        self.hub.registry.put_premises(premises).await.unwrap();
        let person = |key: &str, role, badge: Option<&str>| Person {
            id: PersonId::of_key(key),
            name: Private::new(key.into()),
            role,
            badge: badge.map(|b| Badge(b.into())),
            agency: badge.map(|_| agency),
            premises: if badge.is_none() {
                vec![shop]
            } else {
                Vec::new()
            },
        };
        self.hub
            .identity
            .put_person(person("maria", Role::Owner, None))
            .await
            .unwrap();
        self.hub
            .identity
            .put_person(person("op417", Role::Operator, Some("417")))
            .await
            .unwrap();
        self.hub
            .identity
            .put_person(person("op418", Role::Operator, Some("418")))
            .await
            .unwrap();
    }

    /// A call from a page of the given host, with a key of its own.
    pub(crate) fn call(&self, method: Method, host: &str, path: &str) -> Call<'_> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, host)
            .header(header::ORIGIN, format!("http://{host}"))
            .header("idempotency-key", Uuid::new_v4().to_string());
        Call {
            app: &self.app,
            request,
            body: Body::empty(),
        }
    }

    pub(crate) fn owner(&self, method: Method, path: &str) -> Call<'_> {
        self.call(method, "owner.localhost:7400", path)
    }

    pub(crate) fn console(&self, method: Method, path: &str) -> Call<'_> {
        self.call(method, "console.localhost:7400", path)
    }

    pub(crate) async fn link_for(&self, key: &str) -> String {
        let link = self
            .hub
            .identity
            .make_link(PersonId::of_key(key), crate::audit::Actor::Administrator)
            .await
            .unwrap();
        link.token.reveal().to_owned()
    }

    /// Signs somebody in on the right page and gives the cookie.
    pub(crate) async fn sign_in(&self, key: &str) -> String {
        let token = self.link_for(key).await;
        let role = self
            .hub
            .identity
            .person(PersonId::of_key(key))
            .unwrap()
            .role;
        let call = match role {
            Role::Owner => self.owner(Method::POST, "/api/session/link"),
            Role::Operator => self.console(Method::POST, "/api/session/link"),
        };
        let answer = call
            .json(&serde_json::json!({ "token": token }))
            .send()
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.json);
        answer.cookie()
    }
}

pub(crate) struct Call<'a> {
    app: &'a Router,
    request: axum::http::request::Builder,
    body: Body,
}

impl Call<'_> {
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.request.headers_mut().unwrap().insert(
            axum::http::HeaderName::try_from(name).unwrap(),
            value.parse().unwrap(),
        );
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.request.headers_mut().unwrap().remove(name);
        self
    }

    pub(crate) fn cookie(self, cookie: &str) -> Self {
        self.with("cookie", cookie)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        let mut call = self.with("content-type", "application/json");
        call.body = Body::from(body.to_string());
        call
    }

    pub(crate) fn raw(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }

    /// The answer as it streams.
    pub(crate) async fn open(self) -> axum::http::Response<Body> {
        self.app
            .clone()
            .oneshot(self.request.body(self.body).unwrap())
            .await
            .unwrap()
    }

    pub(crate) async fn send(self) -> Answer {
        let (parts, body) = self.open().await.into_parts();
        let bytes = to_bytes(body, 1 << 20).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            json: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        }
    }
}
