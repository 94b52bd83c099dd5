//! How much of the past is held in memory and how pictures leave: the ring's bounds, the uplink's
//! speed and the encoder. Which camera may leave, and when, is never configured here.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use super::ConfigError;

/// Bounds of the in-memory ring of every stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RingConfig {
    /// How far back a stream reaches.
    pub secs: u16,
    /// Most bytes that one stream's ring may hold, whatever its bitrate does.
    pub max_mib: u16,
}

impl Default for RingConfig {
    fn default() -> Self {
        // 15 s of 2 Mbit/s are under 4 MiB; 16 MiB leave room for an 8 Mbit/s main stream.
        Self {
            secs: 15,
            max_mib: 16,
        }
    }
}

impl RingConfig {
    pub fn span(&self) -> Duration {
        Duration::from_secs(u64::from(self.secs))
    }

    pub fn max_bytes(&self) -> usize {
        usize::from(self.max_mib) * 1024 * 1024
    }

    pub(super) fn check(&self, path: &Path) -> Result<(), ConfigError> {
        if (5..=120).contains(&self.secs) && (1..=256).contains(&self.max_mib) {
            return Ok(());
        }
        Err(ConfigError::new(
            path,
            "ring",
            format!(
                "of {} s in at most {} MiB is out of range",
                self.secs, self.max_mib
            ),
            "use 5 to 120 secs and 1 to 256 max_mib",
        ))
    }
}

/// How pictures leave, once the gate lets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MediaConfig {
    /// Speed at which the start of a share may be sent; live pictures are never held back.
    pub uplink_kbps: u32,
    /// Encoder for H.265, MJPEG and masked cameras.
    pub encoder: Encoder,
}

/// Which encoder makes H.264 where a camera's own cannot be passed through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoder {
    OpenH264,
    /// Only where the user has installed it: its licence is the GPL.
    X264,
}

impl Default for MediaConfig {
    fn default() -> Self {
        Self {
            uplink_kbps: 50_000,
            encoder: Encoder::OpenH264,
        }
    }
}

impl MediaConfig {
    pub(super) fn check(&self, path: &Path) -> Result<(), ConfigError> {
        if (1_000..=1_000_000).contains(&self.uplink_kbps) {
            return Ok(());
        }
        Err(ConfigError::new(
            path,
            "media.uplink_kbps",
            format!("of {} is out of range", self.uplink_kbps),
            "use 1000 to 1000000, the speed of the line to the internet",
        ))
    }
}
