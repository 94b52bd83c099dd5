//! The running town's commands, as HTTP on loopback: for the demo, the browser tests and the bench,
//! which are not written in Rust. Every command names what it does to whom; nothing here is product.
//!
//! `POST /cameras/{name} {"trouble":"stopped"}` · `POST /hub {"do":"kill"|"start"|"terminate"}` ·
//! `POST /devices/{premises} {"do":"kill"|"start"|"press"|"stop"|"cut"|"mend"|"status"}` ·
//! `POST /links/{person}` · `POST /alert {"premises":"shop","kind":"glassBreak"}` · `POST /share {"by":"maria"}` · `POST /viewers {"by":"op417","count":9}` · `GET /usage` · `GET /counted/{index}` ·
//! `GET /left/{index}`

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use super::Town;
use super::share::{Press, SOON, list};
use super::wall::Wall;
use crate::cameras::Trouble;

const HUB_LEAVES_WITHIN: Duration = Duration::from_secs(20);

pub struct Door {
    town: Shared,
    address: SocketAddr,
    server: JoinHandle<std::io::Result<()>>,
}

type Shared = Arc<Mutex<Town>>;

/// What commands have opened stays open with the town.
#[derive(Default)]
pub(super) struct Kept {
    walls: Vec<Wall>,
}

impl Door {
    /// # Errors
    /// When the port is taken.
    pub async fn open(town: Town, port: u16) -> Result<Self> {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .with_context(|| format!("the town's commands cannot listen on port {port}"))?;
        let address = listener.local_addr()?;
        let town: Shared = Arc::new(Mutex::new(town));
        let routes = Router::new()
            .route("/cameras/{name}", post(camera))
            .route("/hub", post(hub))
            .route("/devices/{premises}", post(device))
            .route("/links/{person}", post(link))
            .route("/alert", post(alert))
            .route("/share", post(share))
            .route("/viewers", post(viewers))
            .route("/usage", get(usage))
            .route("/counted/{index}", get(counted))
            .route("/left/{index}", get(left))
            .with_state(Arc::clone(&town));
        let server = tokio::spawn(axum::serve(listener, routes).into_future());
        Ok(Self {
            town,
            address,
            server,
        })
    }

    /// Everything a script needs to know: addresses, cameras, and a fresh sign-in link for each person.
    ///
    /// # Errors
    /// When the hub gives no link.
    pub async fn describe(&self, people: &[String]) -> Result<Value> {
        let town = self.town.lock().await;
        let ready = town.hub.ready();
        let mut links = serde_json::Map::new();
        for person in people {
            if let Ok(link) = town.hub.sign_in_link(person).await {
                links.insert(person.clone(), link.into());
            }
        }
        let devices = town.devices.iter().map(|device| {
            json!({ "premises": device.premises, "localPage": format!("http://{}/", device.local_address()) })
        });
        let cameras = town.cameras.all().iter().map(|camera| {
            json!({ "name": camera.plan.name, "main": camera.main_url(), "sub": camera.sub_url() })
        });
        Ok(json!({
            "ready": true,
            "commands": format!("http://{}", self.address),
            "console": ready.console, "owner": ready.owner, "http": ready.http,
            "media": ready.media,
            "folder": town.folder(),
            "links": links,
            "devices": devices.collect::<Vec<_>>(),
            "cameras": cameras.collect::<Vec<_>>(),
        }))
    }

    /// Ends the town, hub first and politely.
    pub async fn close(self) {
        self.server.abort();
        let mut town = self.town.lock().await;
        let _ = town.hub.process().terminate(HUB_LEAVES_WITHIN).await;
    }
}

#[derive(Deserialize)]
struct Do {
    #[serde(rename = "do")]
    what: String,
    level: Option<String>,
}

#[derive(Deserialize)]
struct Put {
    trouble: Trouble,
}

async fn camera(
    State(town): State<Shared>,
    Path(name): Path<String>,
    Json(put): Json<Put>,
) -> Answer {
    let town = town.lock().await;
    town.cameras.named(&name)?.put(put.trouble)?;
    done()
}

async fn hub(State(town): State<Shared>, Json(action): Json<Do>) -> Answer {
    let mut town = town.lock().await;
    match action.what.as_str() {
        "kill" => town.hub.kill(),
        "start" => town.hub.start_again().await?,
        "terminate" => {
            town.hub.process().terminate(HUB_LEAVES_WITHIN).await?;
        }
        other => return Err(unknown(other)),
    }
    done()
}

async fn device(
    State(town): State<Shared>,
    Path(premises): Path<String>,
    Json(action): Json<Do>,
) -> Answer {
    let mut town = town.lock().await;
    let level = action.level.as_deref().unwrap_or("panic");
    match action.what.as_str() {
        "kill" => town.device(&premises)?.kill(),
        "start" => town.device(&premises)?.start().await?,
        "press" => return Ok(Json(town.device(&premises)?.press(level).await?)),
        "stop" => return Ok(Json(town.device(&premises)?.stop().await?)),
        "status" => return Ok(Json(town.device(&premises)?.status().await?)),
        "cut" => town.cut(&premises)?,
        "mend" => town.mend(&premises)?,
        other => return Err(unknown(other)),
    }
    done()
}

async fn link(State(town): State<Shared>, Path(person): Path<String>) -> Answer {
    let link = town.lock().await.hub.sign_in_link(&person).await?;
    Ok(Json(json!({ "url": link })))
}

#[derive(Deserialize)]
struct Heard {
    premises: String,
    kind: String,
}

/// An alert of the town's own detector, signed as the hub asks for it.
async fn alert(State(town): State<Shared>, Json(heard): Json<Heard>) -> Answer {
    let town = town.lock().await;
    Ok(Json(town.alert(&heard.premises, &heard.kind).await?))
}

#[derive(Deserialize)]
struct By {
    by: String,
    #[serde(default)]
    count: usize,
}

/// An owner's press, made without a browser.
async fn share(State(town): State<Shared>, Json(who): Json<By>) -> Answer {
    let page = town.lock().await.sign_in(&who.by).await?;
    let premises = page
        .sections()
        .until("the owner has premises", SOON, |now| {
            list(now, "premises").find_map(|premises| premises["id"].as_str().map(str::to_owned))
        })
        .await?;
    let press = Press::new(&premises);
    Ok(Json(press.send(&page, 0).await?.json()?))
}

/// More viewers of the first shared camera, each with a peer of its own, until there are `count`.
async fn viewers(State(town): State<Shared>, Json(who): Json<By>) -> Answer {
    let mut town = town.lock().await;
    let page = town.sign_in(&who.by).await?;
    let shared = |now: &_| {
        let camera = list(now, "cameras").find(|camera| camera["availability"] == "shared")?;
        camera["id"].as_str().map(str::to_owned)
    };
    let camera = page
        .sections()
        .until("a camera is shared", SOON, shared)
        .await?;
    while town.kept.walls.len() < who.count {
        let wall = Wall::open(&page, 1, town.hub.ready().media.ip()).await?;
        wall.show(0, Some(&camera)).await?;
        wall.next_frame(0, SOON).await?;
        town.kept.walls.push(wall);
    }
    done()
}

async fn usage(State(town): State<Shared>) -> Answer {
    let mut town = town.lock().await;
    let hub = town.hub.process();
    let hub = json!({ "pid": hub.pid(), "residentKib": hub.resident_kib()?, "ticks": hub.processor_ticks()? });
    let mut devices = serde_json::Map::new();
    for device in &mut town.devices {
        let name = device.premises.clone();
        let process = device.process()?;
        let used = json!({
            "pid": process.pid(), "residentKib": process.resident_kib()?, "ticks": process.processor_ticks()?,
        });
        devices.insert(name, used);
    }
    Ok(Json(json!({ "hub": hub, "devices": devices })))
}

async fn counted(State(town): State<Shared>, Path(index): Path<usize>) -> Answer {
    let town = town.lock().await;
    Ok(Json(serde_json::to_value(town.network(index)?.counted()?)?))
}

async fn left(State(town): State<Shared>, Path(index): Path<usize>) -> Answer {
    let town = town.lock().await;
    Ok(Json(serde_json::to_value(town.left(index)?)?))
}

type Answer = Result<Json<Value>, Refused>;

fn done() -> Answer {
    Ok(Json(json!({ "done": true })))
}

fn unknown(what: &str) -> Refused {
    Refused(anyhow::anyhow!("the town does not know how to {what}"))
}

/// A command that failed, told to the script that gave it.
struct Refused(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let problem = json!({ "problem": format!("{:#}", self.0) });
        (StatusCode::INTERNAL_SERVER_ERROR, Json(problem)).into_response()
    }
}

impl Town {
    /// Cuts the line between a device and the hub; with namespaces only.
    ///
    /// # Errors
    /// When the town is not isolated.
    pub fn cut(&self, premises: &str) -> Result<()> {
        let ready = self.hub.ready();
        self.line(premises)?
            .cut(&[ready.link.port(), ready.media.port()])
    }

    /// # Errors
    /// When the town is not isolated.
    pub fn mend(&self, premises: &str) -> Result<()> {
        self.line(premises)?.mend();
        Ok(())
    }

    fn line(&self, premises: &str) -> Result<&super::network::Namespace> {
        let index = self
            .devices
            .iter()
            .position(|device| device.premises == premises);
        match index {
            Some(index) => self.network(index),
            None => bail!("no premises are called {premises}"),
        }
    }
}
