//! Why a device did not do what a word says, in words that an owner understands, and with a name that a
//! page can act upon. One place, so that pages, problem documents and receipts say the same.

use assent_consent::{GateRefusal as G, Refusal as R};
use assent_wire::{WireError, WordRefusal};

/// Stable, for pages.
pub fn name(refusal: WordRefusal) -> &'static str {
    texts(refusal).0
}

/// For a person.
pub fn sentence(refusal: WordRefusal) -> &'static str {
    texts(refusal).2
}

/// The tail of a problem's type.
pub(super) fn slug(refusal: WordRefusal) -> &'static str {
    texts(refusal).1
}

type Texts = (&'static str, &'static str, &'static str);

#[rustfmt::skip]
fn texts(refusal: WordRefusal) -> Texts {
    match refusal {
        WordRefusal::Bytes(error) => of_bytes(error),
        WordRefusal::NotPaired => ("notPaired", "not-paired", "This device is not paired with an owner yet. Show its code and pair it."),
        WordRefusal::Gate(G::Rules(refusal)) => of_the_rules(refusal),
        WordRefusal::Gate(refusal) => of_the_gate(refusal),
    }
}

#[rustfmt::skip]
fn of_bytes(error: WireError) -> Texts {
    match error {
        WireError::TooLong => ("tooLong", "too-long", "It is longer than your device takes."),
        WireError::NotProtobuf => ("notProtobuf", "not-protobuf", "Your device could not read it."),
        WireError::NotCanonical => ("notCanonical", "not-canonical", "It is not written in the one form that your device takes."),
        WireError::FromNewerVersion => ("fromNewerVersion", "from-newer-version", "It is from a newer version than your device knows. Update the device."),
        WireError::UnknownType => ("unknownType", "unknown-type", "Your device does not know this kind of words."),
        WireError::Bad(_) => ("malformed", "malformed", "Your device could not read it."),
    }
}

#[rustfmt::skip]
fn of_the_gate(refusal: G) -> Texts {
    match refusal {
        G::WrongDevice => ("wrongDevice", "wrong-device", "It was signed for another device."),
        G::WrongEpoch => ("wrongEpoch", "wrong-epoch", "It was signed before your device was reset. Pair it again."),
        G::Revoked => ("revoked", "revoked", "It was stopped before it arrived."),
        G::KeyCancelled => ("keyCancelled", "key-cancelled", "This key was cancelled. Enrol this phone again with a passkey."),
        G::StaleNonce => ("staleNonce", "stale-nonce", "It arrived too late to count. It can be signed once more."),
        G::UnknownKey => ("unknownKey", "unknown-key", "Your device does not know this phone. Enrol it with a passkey."),
        G::NotAllowed => ("notAllowed", "not-allowed", "This key may not say that."),
        G::BadSignature => ("badSignature", "bad-signature", "The signature is wrong."),
        G::WrongOrigin => ("wrongOrigin", "wrong-origin", "It was signed on a page that your device does not trust."),
        G::NotVerified => ("notVerified", "not-verified", "The passkey did not check who held it."),
        G::OldVersion => ("oldVersion", "old-version", "Your device has a newer one."),
        G::WrongPrevious => ("wrongPrevious", "wrong-previous", "It follows one that your device does not have. Load the newest and try again."),
        G::UnknownAgency => ("unknownAgency", "unknown-agency", "Your rules name no such agency."),
        G::LastPasskey => ("lastPasskey", "last-passkey", "It is the last passkey of an owner. Enrol another first."),
        G::TooFarAhead => ("tooFarAhead", "too-far-ahead", "Rules for alerts can be given for a year at most."),
        G::Expired => ("expired", "expired", "Your rules for alerts are over. Renew them."),
        G::NothingWaits => ("nothingWaits", "nothing-waits", "Nothing waits for a press at your device."),
        G::AboveCeiling => ("aboveCeiling", "above-ceiling", "It goes beyond the limits that you set at your device."),
        G::Rules(refusal) => of_the_rules(refusal),
    }
}

#[rustfmt::skip]
fn of_the_rules(refusal: R) -> Texts {
    match refusal {
        R::NoRule => ("noRule", "no-rule", "No rule of yours shares anything on this."),
        R::Paused => ("paused", "paused", "Sharing is paused for these cameras."),
        R::QuietHours => ("quietHours", "quiet-hours", "It is a quiet hour for this rule."),
        R::Cooldown => ("cooldown", "cooldown", "This rule opened a short time ago."),
        R::DailyLimit => ("dailyLimit", "daily-limit", "This rule has opened as often today as you allowed."),
        R::TooOld => ("tooOld", "too-old", "It arrived more than two minutes late. Press again to share now."),
        R::TooFar => ("tooFar", "too-far", "It was farther away than your rule allows."),
        R::Malformed => ("malformed", "malformed", "Your device could not read it."),
        R::UnknownCamera => ("unknownCamera", "unknown-camera", "Your device does not have this camera."),
        R::Replayed => ("replayed", "replayed", "This was answered, or stopped, before."),
        R::AsksOwner => ("asksOwner", "asks-owner", "Your rule asks you first."),
        R::NotDurable => ("notDurable", "not-durable", "Your device could not write its own record. Free or replace its disk."),
        R::TooMany => ("tooMany", "too-many", "As many shares are open as your device holds."),
    }
}
