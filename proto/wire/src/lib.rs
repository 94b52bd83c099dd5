//! The only crate that knows the protobuf schemas of the device link and of what owners sign. It turns
//! bytes into the rules' own values and back, refuses what is too long, unknown or not canonical, and
//! re-exports the generated client and server. What the values mean is `assent-consent`'s matter.

mod bounds;
mod canonical;
mod convert;
mod envelope;
mod error;
mod pair;
mod words;

/// Generated from `proto/link.proto`: messages, `link_client`, `link_server`, `enrolment_client`,
/// `enrolment_server`.
#[expect(clippy::all, clippy::allow_attributes, reason = "generated code")]
pub mod link {
    tonic::include_proto!("assent.link.v1");
}

/// Generated from `proto/consent.proto`: the messages that are signed.
pub mod signed {
    tonic::include_proto!("assent.consent.v1");
}

/// Generated from `proto/pairing.proto`: what a phone and a device say once.
pub mod pairing {
    tonic::include_proto!("assent.pairing.v1");
}

pub use bounds::{
    MAX_ENVELOPE, MAX_FRAME, MAX_NAME, MAX_PAIRING, MAX_POLICY, MAX_PRESENTED, MAX_SDP, MAX_TRACKS,
    MAX_WANTED, MAX_WORDS, sdp_fits,
};
pub use canonical::{Canonical, Payload};
pub use convert::{WordRefusal, camera_number, grant_id, opened_message, revoke_id, trigger_id};
pub use envelope::{Instruction, open, seal};
pub use error::WireError;
pub use pair::{Covered, paired_bytes, read_hello, seal_paired};
pub use words::{hash_of, open_word, payload_of, read_payload, seal_word, signed_bytes};
