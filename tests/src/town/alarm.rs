//! A source of alerts that every town has: a detector with a secret of its own, whose alerts the hub takes
//! by signed webhook (Standard Webhooks 1.0) like those of any detector outside.

use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::Town;
use super::plan::AGENCY;

/// The last part of its address at the hub.
const NAME: &str = "town-detector";

pub(super) struct Alarm {
    secret: String,
    file: PathBuf,
}

impl Alarm {
    /// Makes a new secret and keeps it where only this user's hub reads it.
    pub(super) fn make(folder: &Path) -> Result<Self> {
        let random = [Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()].concat();
        let secret = format!(
            "whsec_{}",
            base64::engine::general_purpose::STANDARD.encode(random)
        );
        let file = folder.join("detector.secret");
        let mut opened = std::fs::OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&file)?;
        opened.write_all(secret.as_bytes())?;
        Ok(Self { secret, file })
    }

    /// Its table in the hub's configuration.
    pub(super) fn settings(&self) -> String {
        format!(
            "\n[[hooks]]\nname = {NAME:?}\nsecret_file = {:?}\nagency = {AGENCY:?}\n",
            self.file
        )
    }

    async fn post(&self, hub: SocketAddr, alert: &Value) -> Result<Value> {
        let body = alert.to_string();
        let (id, now) = (
            format!("msg_{}", Uuid::new_v4().simple()),
            OffsetDateTime::now_utc().unix_timestamp(),
        );
        let signature = Webhook::new(&self.secret)
            .context("the detector's own secret")?
            .sign(&id, now, body.as_bytes())
            .context("signing an alert")?;
        let answer = reqwest::Client::new()
            .post(format!("http://{hub}/api/hooks/{NAME}"))
            .header("host", format!("console.localhost:{}", hub.port()))
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", now.to_string())
            .header("webhook-signature", signature)
            .body(body)
            .send()
            .await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "the hub answered {status}: {text}");
        Ok(serde_json::from_str(&text)?)
    }
}

impl Town {
    /// The detector hears something at these premises, now.
    ///
    /// # Errors
    /// When there are no such premises or the hub does not take it.
    pub async fn alert(&self, premises: &str, kind: &str) -> Result<Value> {
        let id = self
            .premises
            .get(premises)
            .with_context(|| format!("no premises are called {premises}"))?;
        let at = OffsetDateTime::now_utc().format(&Rfc3339)?;
        let alert = json!({ "kind": kind, "premisesId": id, "at": at });
        self.alarm.post(self.hub.http_address(), &alert).await
    }
}
