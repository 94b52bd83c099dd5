//! Refusals by their numbers on the wire: those of the rules, which everybody has, and those of signed
//! words, which only a paired device gives. The numbers are kept in stores; they never change.

use assent_consent::{GateRefusal, Refusal};

use crate::{WireError, link};

/// Why a device does not do what a signed word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordRefusal {
    /// Before its meaning counted.
    Bytes(WireError),
    /// The device belongs to nobody yet.
    NotPaired,
    Gate(GateRefusal),
}

impl From<WireError> for WordRefusal {
    fn from(error: WireError) -> Self {
        Self::Bytes(error)
    }
}

impl From<GateRefusal> for WordRefusal {
    fn from(refusal: GateRefusal) -> Self {
        Self::Gate(refusal)
    }
}

impl TryFrom<link::Refusal> for Refusal {
    type Error = WireError;

    /// Only those of the rules.
    fn try_from(refusal: link::Refusal) -> Result<Self, WireError> {
        match WordRefusal::try_from(refusal)? {
            WordRefusal::Gate(GateRefusal::Rules(refusal)) => Ok(refusal),
            WordRefusal::Gate(_) | WordRefusal::Bytes(_) | WordRefusal::NotPaired => {
                Err(WireError::Bad("refusal"))
            }
        }
    }
}

impl TryFrom<link::Refusal> for WordRefusal {
    type Error = WireError;

    fn try_from(refusal: link::Refusal) -> Result<Self, WireError> {
        use GateRefusal as G;
        use link::Refusal as R;
        let of_the_gate = match refusal {
            R::Unspecified => return Err(WireError::Bad("refusal")),
            R::TooLong => return Ok(Self::Bytes(WireError::TooLong)),
            R::NotProtobuf => return Ok(Self::Bytes(WireError::NotProtobuf)),
            R::NotCanonical => return Ok(Self::Bytes(WireError::NotCanonical)),
            R::FromNewerVersion => return Ok(Self::Bytes(WireError::FromNewerVersion)),
            R::UnknownType => return Ok(Self::Bytes(WireError::UnknownType)),
            R::NotPaired => return Ok(Self::NotPaired),
            R::NoRule => G::Rules(Refusal::NoRule),
            R::Paused => G::Rules(Refusal::Paused),
            R::QuietHours => G::Rules(Refusal::QuietHours),
            R::Cooldown => G::Rules(Refusal::Cooldown),
            R::DailyLimit => G::Rules(Refusal::DailyLimit),
            R::TooOld => G::Rules(Refusal::TooOld),
            R::TooFar => G::Rules(Refusal::TooFar),
            R::Malformed => G::Rules(Refusal::Malformed),
            R::UnknownCamera => G::Rules(Refusal::UnknownCamera),
            R::Replayed => G::Rules(Refusal::Replayed),
            R::AsksOwner => G::Rules(Refusal::AsksOwner),
            R::NotDurable => G::Rules(Refusal::NotDurable),
            R::TooMany => G::Rules(Refusal::TooMany),
            R::WrongDevice => G::WrongDevice,
            R::WrongEpoch => G::WrongEpoch,
            R::Revoked => G::Revoked,
            R::KeyCancelled => G::KeyCancelled,
            R::StaleNonce => G::StaleNonce,
            R::UnknownKey => G::UnknownKey,
            R::NotAllowed => G::NotAllowed,
            R::BadSignature => G::BadSignature,
            R::WrongOrigin => G::WrongOrigin,
            R::NotVerified => G::NotVerified,
            R::OldVersion => G::OldVersion,
            R::WrongPrevious => G::WrongPrevious,
            R::UnknownAgency => G::UnknownAgency,
            R::LastPasskey => G::LastPasskey,
            R::TooFarAhead => G::TooFarAhead,
            R::Expired => G::Expired,
            R::NothingWaits => G::NothingWaits,
            R::AboveCeiling => G::AboveCeiling,
        };
        Ok(Self::Gate(of_the_gate))
    }
}

impl From<WordRefusal> for link::Refusal {
    fn from(refusal: WordRefusal) -> Self {
        match refusal {
            WordRefusal::Bytes(error) => error.into(),
            WordRefusal::NotPaired => Self::NotPaired,
            WordRefusal::Gate(refusal) => refusal.into(),
        }
    }
}

impl From<WireError> for link::Refusal {
    fn from(error: WireError) -> Self {
        match error {
            WireError::TooLong => Self::TooLong,
            WireError::NotProtobuf => Self::NotProtobuf,
            WireError::NotCanonical => Self::NotCanonical,
            WireError::FromNewerVersion => Self::FromNewerVersion,
            WireError::UnknownType => Self::UnknownType,
            WireError::Bad(_) => Self::Malformed,
        }
    }
}

impl From<GateRefusal> for link::Refusal {
    fn from(refusal: GateRefusal) -> Self {
        match refusal {
            GateRefusal::WrongDevice => Self::WrongDevice,
            GateRefusal::WrongEpoch => Self::WrongEpoch,
            GateRefusal::Revoked => Self::Revoked,
            GateRefusal::KeyCancelled => Self::KeyCancelled,
            GateRefusal::StaleNonce => Self::StaleNonce,
            GateRefusal::UnknownKey => Self::UnknownKey,
            GateRefusal::NotAllowed => Self::NotAllowed,
            GateRefusal::BadSignature => Self::BadSignature,
            GateRefusal::WrongOrigin => Self::WrongOrigin,
            GateRefusal::NotVerified => Self::NotVerified,
            GateRefusal::OldVersion => Self::OldVersion,
            GateRefusal::WrongPrevious => Self::WrongPrevious,
            GateRefusal::UnknownAgency => Self::UnknownAgency,
            GateRefusal::LastPasskey => Self::LastPasskey,
            GateRefusal::TooFarAhead => Self::TooFarAhead,
            GateRefusal::Expired => Self::Expired,
            GateRefusal::NothingWaits => Self::NothingWaits,
            GateRefusal::Rules(refusal) => refusal.into(),
            GateRefusal::AboveCeiling => Self::AboveCeiling,
        }
    }
}

impl From<Refusal> for link::Refusal {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoRule => Self::NoRule,
            Refusal::Paused => Self::Paused,
            Refusal::QuietHours => Self::QuietHours,
            Refusal::Cooldown => Self::Cooldown,
            Refusal::DailyLimit => Self::DailyLimit,
            Refusal::TooOld => Self::TooOld,
            Refusal::TooFar => Self::TooFar,
            Refusal::Malformed => Self::Malformed,
            Refusal::UnknownCamera => Self::UnknownCamera,
            Refusal::Replayed => Self::Replayed,
            Refusal::AsksOwner => Self::AsksOwner,
            Refusal::NotDurable => Self::NotDurable,
            Refusal::TooMany => Self::TooMany,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn every_number_is_one_refusal_and_goes_back_to_itself() {
        for number in 1..=100 {
            let Ok(refusal) = link::Refusal::try_from(number) else {
                continue;
            };
            let read = WordRefusal::try_from(refusal).unwrap();
            assert_eq!(link::Refusal::from(read), refusal);
        }
        assert!(WordRefusal::try_from(link::Refusal::Unspecified).is_err());
    }
}
