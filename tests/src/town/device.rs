//! A CORE device of a town: its configuration, its enrolment with a real claim code, its process, and
//! the doors at the premises (button, STOP, status). The cameras it reads are the town's.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::network::Namespace;
use super::plan::{PremisesPlan, RulePlan};
use super::process::Process;
use crate::cameras::{Cameras, Mask};

const UP_WITHIN: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
const LOCAL_ANSWER_WITHIN: Duration = Duration::from_secs(5);

pub struct Device {
    pub premises: String,
    folder: PathBuf,
    local: SocketAddr,
    inside: Vec<OsString>,
    process: Option<Process>,
    client: reqwest::Client,
}

/// What a device needs to know about where it is plugged in.
pub(super) struct Site<'a> {
    pub(super) folder: &'a Path,
    pub(super) premises: &'a PremisesPlan,
    pub(super) agency: &'a str,
    pub(super) cameras: &'a Cameras,
    pub(super) network: Option<&'a Namespace>,
    pub(super) claim: &'a str,
    pub(super) link: SocketAddr,
}

impl Device {
    /// Configures, enrols (unless it was before) and starts a device.
    pub(super) async fn enrol(site: Site<'_>) -> Result<Self> {
        std::fs::create_dir_all(site.folder)?;
        let local = match site.network {
            Some(network) => SocketAddr::new(network.inside(), 7480),
            None => free_port()?,
        };
        let settings = Settings::of(&site, local)?;
        std::fs::write(site.folder.join("core.toml"), toml::to_string(&settings)?)?;
        let mut device = Self {
            premises: site.premises.key.clone(),
            folder: site.folder.to_owned(),
            local,
            inside: site
                .network
                .map(|network| network.command(&[]))
                .unwrap_or_default(),
            process: None,
            client: reqwest::Client::builder()
                .timeout(LOCAL_ANSWER_WITHIN)
                .build()?,
        };
        let enrolled = site.folder.join("enrolled");
        if !enrolled.exists() {
            device.command(&["enrol", site.claim]).await?;
            std::fs::write(enrolled, "")?;
        }
        device.start().await?;
        Ok(device)
    }

    /// Plugs it in.
    ///
    /// # Errors
    /// When its local page does not answer in time.
    pub async fn start(&mut self) -> Result<()> {
        self.kill();
        let name = format!("assent-core at {}", self.premises);
        let mut command = self.inside.clone();
        command.extend(self.programme(&["run"])?);
        self.process = Some(Process::start(
            &name,
            &command,
            &self.folder.join("core.log"),
        )?);
        let until = Instant::now() + UP_WITHIN;
        while self.status().await.is_err() {
            if Instant::now() > until || !self.running() {
                bail!("{name} did not start:\n{}", self.tail());
            }
            sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// Pulls the plug.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// The owner takes the rules with this trigger out of the device's configuration; it obeys them until
    /// it is plugged in again.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn forget_rules(&self, trigger: &str) -> Result<()> {
        let path = self.folder.join("core.toml");
        let mut settings: toml::Table = toml::from_str(&std::fs::read_to_string(&path)?)?;
        let rules = settings
            .get_mut("rule")
            .and_then(toml::Value::as_array_mut)
            .context("the device has rules")?;
        rules.retain(|rule| rule.get("trigger").and_then(toml::Value::as_str) != Some(trigger));
        std::fs::write(path, toml::to_string(&settings)?)?;
        Ok(())
    }

    #[must_use]
    pub fn running(&mut self) -> bool {
        self.process.as_mut().is_some_and(Process::running)
    }

    /// # Errors
    /// When it is not plugged in.
    pub fn process(&mut self) -> Result<&mut Process> {
        self.process
            .as_mut()
            .context("the device is not plugged in")
    }

    #[must_use]
    pub fn tail(&self) -> String {
        self.process.as_ref().map(Process::tail).unwrap_or_default()
    }

    /// The bare button at the premises.
    ///
    /// # Errors
    /// When the device does not take it.
    pub async fn press(&self, level: &str) -> Result<Value> {
        self.post(
            "press",
            &json!({ "level": level, "silent": false, "drill": false }),
        )
        .await
    }

    /// STOP at the premises: no sign-in, and everything ends.
    ///
    /// # Errors
    /// When the device does not take it.
    pub async fn stop(&self) -> Result<Value> {
        self.post("stop", &json!({})).await
    }

    /// # Errors
    /// When the local page does not answer.
    pub async fn status(&self) -> Result<Value> {
        let answer = self.client.get(self.page("status")).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    /// One of the device's own commands, to its end.
    ///
    /// # Errors
    /// When it fails, with what it said.
    pub async fn command(&self, arguments: &[&str]) -> Result<String> {
        let mut all = self.inside.clone();
        all.extend(self.programme(arguments)?);
        let (programme, arguments) = all.split_first().context("a command has a programme")?;
        let output = tokio::process::Command::new(programme)
            .args(arguments)
            .output()
            .await?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            bail!(
                "{all:?} failed: {said}{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(said)
    }

    /// Enrols as a device with a folder of its own would.
    ///
    /// # Errors
    /// When the hub turns it away, with what it said.
    pub async fn enrol_another(&self, name: &str, claim: &str) -> Result<String> {
        let folder = self.folder.join(name).to_string_lossy().into_owned();
        self.command(&["--data-dir", &folder, "enrol", claim]).await
    }

    /// Every receipt in its journal, oldest first, as they lie on the disk.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn receipts(&self) -> Result<Vec<Vec<u8>>> {
        super::receipts::records(&self.folder.join("data/journal"))
    }

    #[must_use]
    pub fn local_address(&self) -> SocketAddr {
        self.local
    }

    fn programme(&self, arguments: &[&str]) -> Result<Vec<OsString>> {
        let path = super::programmes()?.join("assent-core");
        anyhow::ensure!(
            path.exists(),
            "{} is not built: cargo build -p assent-core",
            path.display()
        );
        let mut command: Vec<OsString> = vec![path.into(), "--config".into()];
        command.push(self.folder.join("core.toml").into());
        command.extend(arguments.iter().map(Into::into));
        Ok(command)
    }

    fn page(&self, path: &str) -> String {
        format!("http://{}/{path}", self.local)
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let answer = self.client.post(self.page(path)).json(body).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        anyhow::ensure!(status.is_success(), "the device answered {status}: {text}");
        Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }
}

/// The device's configuration file.
#[derive(Serialize)]
struct Settings<'a> {
    data_dir: PathBuf,
    local_listen: String,
    hub: String,
    camera: Vec<CameraTable<'a>>,
    rule: Vec<RuleTable<'a>>,
}

#[derive(Serialize)]
struct CameraTable<'a> {
    number: usize,
    name: &'a str,
    main: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    username: &'a str,
    password: &'a str,
    audio: bool,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    masks: &'a [Mask],
}

#[derive(Serialize)]
struct RuleTable<'a> {
    agency: &'a str,
    #[serde(flatten)]
    rule: &'a RulePlan,
}

impl<'a> Settings<'a> {
    fn of(site: &Site<'a>, local: SocketAddr) -> Result<Self> {
        let camera = |(index, plan): (usize, &'a crate::cameras::CameraPlan)| {
            let camera = site.cameras.named(&plan.name)?;
            Ok(CameraTable {
                number: index + 1,
                name: &plan.name,
                main: camera.main_url(),
                sub: camera.sub_url(),
                username: &plan.username,
                password: &plan.password,
                audio: plan.sound.is_some(),
                masks: &plan.masks,
            })
        };
        let rules = site.premises.rules.iter();
        Ok(Self {
            data_dir: site.folder.join("data"),
            local_listen: local.to_string(),
            hub: site.link.to_string(),
            camera: site
                .premises
                .cameras
                .iter()
                .enumerate()
                .map(camera)
                .collect::<Result<_>>()?,
            rule: rules
                .map(|rule| RuleTable {
                    agency: site.agency,
                    rule,
                })
                .collect(),
        })
    }
}

/// The port is free now; the device binds it a moment later.
fn free_port() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
