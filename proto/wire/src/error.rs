//! Why bytes from the other side are refused. Says which field, never its content.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireError {
    TooLong,
    NotProtobuf,
    /// Decoding and encoding again gives other bytes: unknown fields, another order, explicit zeros.
    NotCanonical,
    /// The name is known, its version is not yet.
    FromNewerVersion,
    /// An envelope of a type that nobody here knows.
    UnknownType,
    /// This field is missing or cannot be what it should be.
    Bad(&'static str),
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => f.write_str("the message is longer than allowed"),
            Self::NotProtobuf => f.write_str("the message cannot be read"),
            Self::NotCanonical => f.write_str("the message is not in its one canonical form"),
            Self::FromNewerVersion => f.write_str("the envelope is from a newer version"),
            Self::UnknownType => f.write_str("the envelope holds an unknown type"),
            Self::Bad(field) => write!(f, "the field {field} is missing or wrong"),
        }
    }
}

impl std::error::Error for WireError {}
