//! Why the engine refused something, as a sentence for whoever made the offer. Nothing of the offer
//! itself is repeated except the name of a media line.

use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaError {
    /// Larger than [`limit`](Self::TooLarge::limit) bytes.
    TooLarge {
        limit: usize,
    },
    /// Not a session description, or one that contradicts itself.
    Malformed,
    NoMedia,
    TooManyLines {
        limit: usize,
    },
    /// Neither audio nor video.
    NotMedia,
    /// The line does not flow in the direction that is asked of it.
    WrongDirection {
        mid: String,
    },
    /// No H.264 with packetization mode 1, or no Opus.
    NoCommonCodec {
        mid: String,
    },
    /// A line that no track names.
    Unnamed {
        mid: String,
    },
    /// A track that no line carries.
    Missing {
        mid: String,
    },
    /// Two tracks or lines of one name.
    Twice,
    /// The engine holds as many connections as it may.
    Full,
    UnknownWall,
    UnknownSlot,
    UnknownPublisher,
    /// The engine is stopping.
    Stopped,
}

impl fmt::Display for MediaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit } => {
                write!(f, "the session description is larger than {limit} bytes")
            }
            Self::Malformed => {
                f.write_str("this is not a session description that can be answered")
            }
            Self::NoMedia => f.write_str("the session description has no media lines"),
            Self::TooManyLines { limit } => {
                write!(
                    f,
                    "the session description has more than {limit} media lines"
                )
            }
            Self::NotMedia => f.write_str("only audio and video lines are answered here"),
            Self::WrongDirection { mid } => {
                write!(
                    f,
                    "media line {mid:?} does not flow in the direction that is expected here"
                )
            }
            Self::NoCommonCodec { mid } => write!(
                f,
                "media line {mid:?} offers neither H.264 with packetization-mode=1 nor Opus"
            ),
            Self::Unnamed { mid } => {
                write!(f, "media line {mid:?} belongs to no camera that was named")
            }
            Self::Missing { mid } => write!(f, "the named media line {mid:?} is not in the offer"),
            Self::Twice => f.write_str("a media line or camera is named twice"),
            Self::Full => f.write_str("this hub carries as many media connections as it may"),
            Self::UnknownWall => f.write_str("there is no such wall; open it first"),
            Self::UnknownSlot => f.write_str("the wall has no such slot"),
            Self::UnknownPublisher => f.write_str("there is no such publisher"),
            Self::Stopped => f.write_str("the media engine is stopping"),
        }
    }
}

impl std::error::Error for MediaError {}
