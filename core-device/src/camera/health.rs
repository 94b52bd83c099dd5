//! How a camera is, in words: what an installer can act on, and the part of it that may leave the
//! premises (never an address, never a password). What to do about it is `pull`'s business.

use std::time::Instant;

use thiserror::Error;

/// How a camera is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    pub condition: Condition,
    /// One sentence without address or password, safe to send; empty while all is well.
    pub reason: String,
    pub since: Instant,
}

/// The wire's conditions, and one of our own for a camera that no rule names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// No rule could share it, so nothing connects to it.
    Unarmed,
    Connecting,
    Online,
    Offline,
    WrongPassword,
    Unsupported,
    Garbage,
}

impl Condition {
    /// For the log, the local page and its JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unarmed => "not armed",
            Self::Connecting => "connecting",
            Self::Online => "online",
            Self::Offline => "offline",
            Self::WrongPassword => "wrong password",
            Self::Unsupported => "unsupported",
            Self::Garbage => "garbage",
        }
    }
}

impl Health {
    pub fn new(condition: Condition, reason: impl Into<String>, since: Instant) -> Self {
        Self {
            condition,
            reason: reason.into(),
            since,
        }
    }
}

/// Why a camera gives no picture. The text is the reason that may leave the premises.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Trouble {
    #[error("The camera refuses this username and password.")]
    WrongPassword,
    #[error("The camera asks for a username and password and none is configured.")]
    PasswordMissing,
    #[error("The camera's name is not known in this network.")]
    NameUnknown,
    #[error("There is no route to the camera: it is in another network, or the network is down.")]
    NoRoute,
    #[error(
        "Something is at the camera's address but does not take RTSP connections on this port."
    )]
    Refused,
    #[error("The camera does not answer: switched off, unplugged or blocked.")]
    TimedOut,
    #[error("The camera stopped sending pictures.")]
    Silent,
    #[error("The camera ended the stream.")]
    Closed,
    #[error("The camera hangs up before it shows anything.")]
    HungUp,
    #[error("The camera has no stream at this path.")]
    NoSuchStream,
    #[error("The camera has no place for another viewer.")]
    Busy,
    #[error("The camera refuses with RTSP status {0}.")]
    Status(u16),
    #[error("The camera offers no video.")]
    NoVideo,
    #[error("The camera sends {0}, which cannot be shown; set it to H.264.")]
    Codec(Word),
    #[error("The picture must be re-encoded, and this device lacks the software for it ({0}).")]
    NoConverter(Word),
    #[error("Re-encoding the picture failed.")]
    ConverterFailed,
    #[error("The camera answers with something that is not RTSP or breaks its codec.")]
    Garbage,
}

impl Trouble {
    pub fn condition(&self) -> Condition {
        match self {
            Self::WrongPassword | Self::PasswordMissing => Condition::WrongPassword,
            Self::NameUnknown
            | Self::NoRoute
            | Self::Refused
            | Self::TimedOut
            | Self::Silent
            | Self::Closed
            | Self::HungUp
            | Self::NoSuchStream
            | Self::Busy
            | Self::Status(_) => Condition::Offline,
            Self::NoVideo | Self::Codec(_) | Self::NoConverter(_) | Self::ConverterFailed => {
                Condition::Unsupported
            }
            Self::Garbage => Condition::Garbage,
        }
    }

    pub fn health(&self, now: Instant) -> Health {
        Health::new(self.condition(), self.to_string(), now)
    }
}

/// A short name that came from a camera, cleaned so that it can stand in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word(String);

impl Word {
    pub fn clean(text: &str) -> Self {
        const LONGEST: usize = 24;
        let allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        Self(text.chars().filter(allowed).take(LONGEST).collect())
    }
}

impl std::fmt::Display for Word {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_empty() {
            "an unknown codec"
        } else {
            &self.0
        })
    }
}

/// `retina` has one opaque error; its status code and its words say which kind it is.
impl From<&retina::Error> for Trouble {
    fn from(error: &retina::Error) -> Self {
        let text = error.to_string();
        match error.status_code() {
            Some(401) if text.contains("no credentials") => Self::PasswordMissing,
            Some(401 | 403) => Self::WrongPassword,
            Some(404 | 454) => Self::NoSuchStream,
            Some(453 | 503) => Self::Busy,
            // A success that still is an error: its body was not what RTSP allows.
            Some(200..=299) => Self::Garbage,
            Some(status) => Self::Status(status),
            None => from_words(&text),
        }
    }
}

fn from_words(text: &str) -> Trouble {
    if text.contains("failed to lookup address") {
        return Trouble::NameUnknown;
    }
    if text.starts_with("Unable to connect") {
        return os_error(text).map_or(Trouble::TimedOut, from_os_error);
    }
    if text.starts_with("Timeout") {
        return Trouble::TimedOut;
    }
    if text.starts_with("Error reading")
        || text.starts_with("Error writing")
        || text.contains("EOF")
    {
        return Trouble::Closed;
    }
    Trouble::Garbage
}

/// The number in "Connection refused (os error 111)".
fn os_error(text: &str) -> Option<i32> {
    let (_, after) = text.split_once("(os error ")?;
    after.split_once(')')?.0.parse().ok()
}

fn from_os_error(number: i32) -> Trouble {
    use std::io::ErrorKind;
    match std::io::Error::from_raw_os_error(number).kind() {
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset => Trouble::Refused,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
            Trouble::NoRoute
        }
        _ => Trouble::TimedOut,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_errors_are_told_apart() {
        let refused = "Unable to connect to RTSP server: Connection refused (os error 111)";
        assert_eq!(from_words(refused), Trouble::Refused);
        let unreachable = "Unable to connect to RTSP server: No route to host (os error 113)";
        assert_eq!(from_words(unreachable), Trouble::NoRoute);
        let name = "Unable to connect to RTSP server: failed to lookup address information: x";
        assert_eq!(from_words(name), Trouble::NameUnknown);
    }

    #[test]
    fn a_codec_name_from_the_camera_cannot_carry_anything_else() {
        let trouble = Trouble::Codec(Word::clean("vp8\n<script>rtsp://admin:pw@10.0.0.9/"));
        let reason = trouble.to_string();
        assert!(
            !reason.contains('\n') && !reason.contains('<') && !reason.contains("://"),
            "{reason}"
        );
    }
}
