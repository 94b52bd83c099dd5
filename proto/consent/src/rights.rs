//! What a yes allows to be done with a camera. None of these is given unless it is said.

/// All false is the default. `live` is what lets a picture leave at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "six independent rights, as the owner ticks them"
)]
pub struct Rights {
    pub live: bool,
    pub pre_roll: bool,
    pub audio: bool,
    pub ptz: bool,
    pub record: bool,
    pub forward: bool,
}

impl Rights {
    pub const LIVE: Self = Self {
        live: true,
        pre_roll: false,
        audio: false,
        ptz: false,
        record: false,
        forward: false,
    };

    /// What two grants together allow.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            live: self.live || other.live,
            pre_roll: self.pre_roll || other.pre_roll,
            audio: self.audio || other.audio,
            ptz: self.ptz || other.ptz,
            record: self.record || other.record,
            forward: self.forward || other.forward,
        }
    }

    /// What both allow.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            live: self.live && other.live,
            pre_roll: self.pre_roll && other.pre_roll,
            audio: self.audio && other.audio,
            ptz: self.ptz && other.ptz,
            record: self.record && other.record,
            forward: self.forward && other.forward,
        }
    }

    /// Whether everything allowed here is allowed by `other` too.
    #[must_use]
    pub fn within(self, other: Self) -> bool {
        self.or(other) == other
    }
}
