//! How large things on the link may be. Both sides check before they look inside.

/// A signed trigger or revoke; the largest press (256 cameras, a full note) takes 1.3 KiB.
pub const MAX_ENVELOPE: usize = 4 * 1024;
/// A policy of 64 rules; only the owner and the device's own configuration make one.
pub const MAX_POLICY: usize = 64 * 1024;
/// A pairing's hello or answer: a set, a policy and a ceiling at their longest would be more, a first one
/// never is.
pub const MAX_PAIRING: usize = 80 * 1024;
/// Words in one `Present`: a set, a policy, a ceiling, and the sets of all agencies that a policy names.
pub const MAX_PRESENTED: usize = 32;
/// Words that an `Instruct` brings along: the newest set and policy, and an agency's set and certificate.
pub const MAX_WORDS: usize = 4;
/// A description with 256 tracks; browsers and devices write about 1 KiB a track at most.
pub const MAX_SDP: usize = 64 * 1024;
/// Tracks of one media connection: main, sub and sound of as many cameras as one box can pull.
pub const MAX_TRACKS: usize = 192;
/// Instructions in one `Wanted`; as many grants as a device holds open.
pub const MAX_WANTED: usize = assent_consent::MAX_OPEN_GRANTS;
/// Any one frame; `Wanted` full of the largest envelopes fits.
pub const MAX_FRAME: usize = 2 * 1024 * 1024;
/// What an installer calls a device or a camera.
pub const MAX_NAME: usize = 80;

#[must_use]
pub fn sdp_fits(sdp: &str) -> bool {
    (1..=MAX_SDP).contains(&sdp.len())
}
