//! The device's configuration: one TOML file, overridden by environment and flags, parsed once at
//! start into values that the rest may trust. Every refusal names the file, the field and the way
//! out. What the hub told the device at enrolment is not here (see `memory`).

mod camera;
mod media;
mod refusal;
mod rules;
mod secret;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use assent_consent::{CameraNumber, Origin, Origins, StandingPolicy};
use serde::Deserialize;

pub use camera::{CameraConfig, Mask, RtspPolicies, Source, Transport};
pub use media::{Encoder, MediaConfig, RingConfig};
pub use refusal::ConfigError;
pub use secret::Secret;

use crate::camera::Armed;

/// Where the file is looked for when nobody says otherwise.
pub const DEFAULT_FILE: &str = "/etc/assent/core-device.toml";

/// Cameras of one device: a shop or a school; more than this is a second device.
const MAX_CAMERAS: usize = 64;

/// Everything the device was told by whoever installed it.
#[derive(Debug, Clone)]
pub struct Config {
    pub data_dir: PathBuf,
    pub local_listen: SocketAddr,
    /// `host:port` that replaces the hub's address from enrolment, when the hub has moved.
    pub hub: Option<String>,
    pub logs: LogFormat,
    pub ring: RingConfig,
    pub media: MediaConfig,
    pub cameras: Vec<CameraConfig>,
    /// What the owner allows before the device is paired; without a rule, nothing.
    pub policy: StandingPolicy,
    /// Where the owner's page is; before what the hub told at enrolment.
    pub consent_origins: Vec<Origin>,
}

impl Config {
    /// Cameras inside a home.
    pub fn indoor(&self) -> BTreeSet<CameraNumber> {
        let indoor = self.cameras.iter().filter(|camera| camera.indoor);
        indoor
            .filter_map(|camera| CameraNumber::new(camera.number))
            .collect()
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    #[default]
    Readable,
    Json,
}

/// What environment variables and flags replace in the file.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Overrides {
    /// Folder for keys, receipts and the outbox [file: data_dir]
    #[arg(long, env = "ASSENT_CORE_DATA_DIR", global = true)]
    pub data_dir: Option<PathBuf>,
    /// Address of the local page, STOP and button [file: local_listen]
    #[arg(long, env = "ASSENT_CORE_LOCAL_LISTEN", global = true)]
    pub local_listen: Option<SocketAddr>,
    /// Hub's address as host:port, when it differs from enrolment [file: hub]
    #[arg(long, env = "ASSENT_CORE_HUB", global = true)]
    pub hub: Option<String>,
    /// How log lines look [file: logs]
    #[arg(long, env = "ASSENT_CORE_LOGS", global = true)]
    pub logs: Option<LogFormat>,
}

impl Config {
    /// Reads `file`, or [`DEFAULT_FILE`] if it exists; without any file the device has no cameras
    /// and shares nothing.
    pub fn load(file: Option<&Path>, overrides: Overrides) -> Result<Self, ConfigError> {
        let default = Path::new(DEFAULT_FILE);
        let (path, text) = match file {
            Some(path) => (path, read(path)?),
            None if default.exists() => (default, read(default)?),
            None => (default, String::new()),
        };
        let parsed: File =
            toml::from_str(&text).map_err(|error| ConfigError::from_toml(path, &text, &error))?;
        parsed.check(path, overrides)
    }
}

impl Config {
    /// Cameras that some rule could share, and those that one shares with sound: only these are read.
    pub fn armed(&self) -> Armed {
        let mut armed = Armed::default();
        for rule in self.policy.rules() {
            armed.pictures.extend(rule.cameras.iter());
            if rule.rights.audio {
                armed.sound.extend(rule.cameras.iter());
            }
        }
        armed
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|error| {
        ConfigError::new(
            path,
            "",
            format!("cannot be read ({error})"),
            "give the right path with --config, or let the device's user read it",
        )
    })
}

/// The file as it is written; see `deploy/core-device.example.toml` for every field.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default = "default_data_dir")]
    data_dir: PathBuf,
    #[serde(default = "default_local_listen")]
    local_listen: SocketAddr,
    hub: Option<String>,
    #[serde(default)]
    logs: LogFormat,
    #[serde(default)]
    ring: RingConfig,
    #[serde(default)]
    media: MediaConfig,
    /// Version of the rules below; raise it with every change.
    #[serde(default = "first_version")]
    policy_version: u64,
    /// Addresses of the owner's page.
    #[serde(default)]
    consent_origins: Vec<String>,
    #[serde(default)]
    camera: Vec<camera::CameraTable>,
    #[serde(default)]
    rule: Vec<rules::RuleTable>,
}

fn first_version() -> u64 {
    1
}

fn default_data_dir() -> PathBuf {
    PathBuf::from("/var/lib/assent-core")
}

fn default_local_listen() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 7480))
}

impl File {
    fn check(self, path: &Path, overrides: Overrides) -> Result<Config, ConfigError> {
        self.ring.check(path)?;
        self.media.check(path)?;
        let hub = overrides.hub.or(self.hub);
        if let Some(hub) = &hub {
            check_host_and_port(path, hub)?;
        }
        let cameras = check_cameras(path, self.camera)?;
        let policy = rules::policy(path, self.policy_version, self.rule, &cameras)?;
        Ok(Config {
            data_dir: overrides.data_dir.unwrap_or(self.data_dir),
            local_listen: overrides.local_listen.unwrap_or(self.local_listen),
            hub,
            logs: overrides.logs.unwrap_or(self.logs),
            ring: self.ring,
            media: self.media,
            cameras,
            policy,
            consent_origins: check_origins(path, self.consent_origins)?,
        })
    }
}

fn check_origins(path: &Path, texts: Vec<String>) -> Result<Vec<Origin>, ConfigError> {
    let refuse = |problem: &str| {
        let way_out = "write at most four, as browsers do: \"https://owner.example.org\"; plain http only for \
                       names that end in .localhost";
        ConfigError::new(path, "consent_origins", problem.to_owned(), way_out)
    };
    if texts.len() > Origins::MOST {
        return Err(refuse("names more than four pages"));
    }
    let origin = |text| Origin::new(text).map_err(|_| refuse("has an address that is no origin"));
    texts.into_iter().map(origin).collect()
}

fn check_host_and_port(path: &Path, hub: &str) -> Result<(), ConfigError> {
    match hub.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(()),
        _ => Err(ConfigError::new(
            path,
            "hub",
            "is not an address and a port".to_owned(),
            "write it as \"hub.example.org:7443\"",
        )),
    }
}

fn check_cameras(
    path: &Path,
    tables: Vec<camera::CameraTable>,
) -> Result<Vec<CameraConfig>, ConfigError> {
    if tables.len() > MAX_CAMERAS {
        return Err(ConfigError::new(
            path,
            "camera",
            format!("lists {} cameras", tables.len()),
            "one device takes at most 64; put the others on a second device",
        ));
    }
    let mut cameras: Vec<CameraConfig> = Vec::with_capacity(tables.len());
    for (index, table) in tables.into_iter().enumerate() {
        let camera = table.check(path, index)?;
        if cameras.iter().any(|other| other.number == camera.number) {
            return Err(ConfigError::new(
                path,
                &format!("camera[{index}].number"),
                format!("{} is used twice", camera.number),
                "give every camera a number of its own and never reuse an old one",
            ));
        }
        cameras.push(camera);
    }
    Ok(cameras)
}

#[cfg(test)]
mod tests;
