//! One `[[camera]]` table: where its streams are, how to sign in to it, what is masked, and the
//! leniencies that odd cameras need. Whether it may ever be shared is a matter of rules.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

use super::{ConfigError, Secret};

/// A name is shown on a wall tile; longer ones would not be read.
const MAX_NAME_BYTES: usize = 80;
/// Rectangles of one camera; every one costs a pass over each picture.
const MAX_MASKS: usize = 16;

#[derive(Debug, Clone)]
pub struct CameraConfig {
    /// Device-local, 1..=65535, stable for the life of the camera.
    pub number: u16,
    pub name: String,
    pub main: Source,
    pub sub: Option<Source>,
    /// Whether the camera's sound may be read at all; a rule must share it as well.
    pub audio: bool,
    /// Inside a home: no alert opens it, whatever rules say.
    pub indoor: bool,
    pub masks: Vec<Mask>,
    pub transport: Transport,
    pub policies: RtspPolicies,
}

impl CameraConfig {
    /// A camera that stands in no file yet, for `probe`. Credentials in the address are taken out of it.
    pub fn to_try(mut url: Url, credentials: Option<(String, Secret)>) -> Self {
        let credentials = credentials.or_else(|| {
            let password = url.password().unwrap_or_default().to_owned();
            (!url.username().is_empty()).then(|| (url.username().to_owned(), Secret::new(password)))
        });
        // Neither fails for an address with a host, and one without is refused when it is opened.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        let (username, password) = credentials.unzip();
        Self {
            number: 1,
            name: "camera".to_owned(),
            main: Source {
                url,
                username,
                password,
            },
            sub: None,
            audio: false,
            indoor: false,
            masks: Vec::new(),
            transport: Transport::Tcp,
            policies: RtspPolicies::default(),
        }
    }
}

/// One stream's address with the credentials for it.
#[derive(Clone)]
pub struct Source {
    pub url: Url,
    pub username: Option<String>,
    pub password: Option<Secret>,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str())
    }
}

/// A black rectangle over what the owner never shows; fractions of the picture from its top left.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mask {
    pub x: f32,
    pub y: f32,
    pub w: f32,
    pub h: f32,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    #[default]
    Tcp,
    Udp,
}

/// How strictly the camera's RTSP answers are taken; the defaults suit all but broken cameras.
#[derive(Debug, Clone, Copy)]
pub struct RtspPolicies {
    pub initial_timestamp: retina::client::InitialTimestampPolicy,
    pub initial_seq: retina::client::InitialSequenceNumberPolicy,
    pub unknown_rtcp_ssrc: retina::client::UnknownRtcpSsrcPolicy,
}

impl Default for RtspPolicies {
    fn default() -> Self {
        Self {
            // Many cameras leave RTP-Info out; their sound and picture are then aligned by arrival.
            initial_timestamp: retina::client::InitialTimestampPolicy::Permissive,
            initial_seq: retina::client::InitialSequenceNumberPolicy::Default,
            unknown_rtcp_ssrc: retina::client::UnknownRtcpSsrcPolicy::Default,
        }
    }
}

/// The table as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CameraTable {
    number: u16,
    name: String,
    main: String,
    sub: Option<String>,
    username: Option<String>,
    password: Option<Secret>,
    password_file: Option<PathBuf>,
    #[serde(default)]
    audio: bool,
    #[serde(default)]
    indoor: bool,
    #[serde(default)]
    masks: Vec<Mask>,
    #[serde(default)]
    transport: Transport,
    initial_timestamp: Option<String>,
    initial_seq: Option<String>,
    unknown_rtcp_ssrc: Option<String>,
}

impl CameraTable {
    pub(super) fn check(self, path: &Path, index: usize) -> Result<CameraConfig, ConfigError> {
        let refuse = |field: &str, problem: String, way_out| {
            ConfigError::new(path, &format!("camera[{index}].{field}"), problem, way_out)
        };
        if self.number == 0 {
            return Err(refuse("number", "is 0".into(), "number cameras from 1"));
        }
        if self.name.trim().is_empty() || self.name.len() > MAX_NAME_BYTES {
            return Err(refuse(
                "name",
                "is empty or longer than 80 bytes".into(),
                "use the words people at the premises use, for example \"Till\"",
            ));
        }
        if self.masks.len() > MAX_MASKS || !self.masks.iter().all(Mask::is_inside) {
            return Err(refuse(
                "masks",
                "has a rectangle outside the picture, or more than 16".into(),
                "x, y, w and h are fractions of the picture: x + w and y + h at most 1",
            ));
        }
        let policies = self.policies(&refuse)?;
        let password = self.read_password(&refuse)?;
        let source = |field: &str, text: &str| {
            source(text, self.username.clone(), password.clone())
                .map_err(|(problem, way_out)| refuse(field, problem, way_out))
        };
        Ok(CameraConfig {
            number: self.number,
            main: source("main", &self.main)?,
            sub: self
                .sub
                .as_deref()
                .map(|text| source("sub", text))
                .transpose()?,
            name: self.name,
            audio: self.audio,
            indoor: self.indoor,
            masks: self.masks,
            transport: self.transport,
            policies,
        })
    }

    fn policies(
        &self,
        refuse: &impl Fn(&str, String, &'static str) -> ConfigError,
    ) -> Result<RtspPolicies, ConfigError> {
        let mut policies = RtspPolicies::default();
        let refused = |field, error: retina::Error| {
            refuse(
                field,
                error.to_string(),
                "leave it out unless the camera needs it",
            )
        };
        if let Some(text) = &self.initial_timestamp {
            policies.initial_timestamp =
                text.parse().map_err(|e| refused("initial_timestamp", e))?;
        }
        if let Some(text) = &self.initial_seq {
            policies.initial_seq = text.parse().map_err(|e| refused("initial_seq", e))?;
        }
        if let Some(text) = &self.unknown_rtcp_ssrc {
            policies.unknown_rtcp_ssrc =
                text.parse().map_err(|e| refused("unknown_rtcp_ssrc", e))?;
        }
        Ok(policies)
    }

    fn read_password(
        &self,
        refuse: &impl Fn(&str, String, &'static str) -> ConfigError,
    ) -> Result<Option<Secret>, ConfigError> {
        match (&self.password, &self.password_file) {
            (Some(_), Some(_)) => Err(refuse(
                "password_file",
                "is given beside password".into(),
                "keep password_file and remove password",
            )),
            (Some(password), None) => Ok(Some(password.clone())),
            (None, Some(file)) => match std::fs::read_to_string(file) {
                Ok(text) => Ok(Some(Secret::new(
                    text.trim_end_matches(['\r', '\n']).to_owned(),
                ))),
                Err(error) => Err(refuse(
                    "password_file",
                    format!("{} cannot be read ({error})", file.display()),
                    "put the camera's password into it, readable by the device's user only",
                )),
            },
            (None, None) => Ok(None),
        }
    }
}

impl Mask {
    fn is_inside(&self) -> bool {
        // A hair over 1 is rounding in the tool that drew the rectangle.
        const EDGE: f32 = 1.001;
        let Mask { x, y, w, h } = *self;
        x >= 0.0 && y >= 0.0 && w > 0.0 && h > 0.0 && x + w <= EDGE && y + h <= EDGE
    }
}

/// Parses an RTSP address; credentials in it are refused, because addresses are logged.
fn source(
    text: &str,
    username: Option<String>,
    password: Option<Secret>,
) -> Result<Source, (String, &'static str)> {
    let Ok(url) = Url::parse(text) else {
        return Err((
            "is not an address".into(),
            "write it as \"rtsp://192.168.1.20/stream1\"; `assent-core discover` lists cameras",
        ));
    };
    if url.scheme() != "rtsp" || !url.has_host() {
        return Err((
            "is not an rtsp:// address".into(),
            "use the camera's rtsp:// address",
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err((
            "holds a username or password".into(),
            "move them to username and password_file",
        ));
    }
    Ok(Source {
        url,
        username,
        password,
    })
}
