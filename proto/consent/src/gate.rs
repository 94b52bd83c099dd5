//! The gate: whether a signed word is obeyed. One pure decision over what the device keeps, its clocks and
//! what came in; every step has its place, and the first that fails names the refusal. Bytes are read
//! before (`assent-wire`), receipts are written and cameras opened after; both are the caller's work.
//!
//! ```text
//!  word -> device, epoch -> closed before? -> nonce -> signer -> signature -> policy, limits -> ceiling
//!                                                                                               |
//!                  cameras  <- open <- (caller: receipt on disk) <------- Opens { grants } -----'
//!  button, STOP, confirmation, the hub's closing: no steps, they are the premises, or only close
//! ```

mod admit;
mod agencies;
mod ceiling;
mod closing;
mod kept;
mod nonces;
mod opening;
mod owners;
mod refusal;
mod speakers;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;

pub use ceiling::SpentSecs;
pub use closing::{Closed, HubClose};
pub use kept::{Certified, GateKept, Held, Paired};
pub use nonces::{NONCE_LIFE_MS, TooManyNonces};
pub use opening::CLOCKS_AGREE_WITHIN_MS;
pub use owners::{CONFIRM_WITHIN_MS, LONGEST_ALERTS_MS};
pub use refusal::GateRefusal;

use crate::sharing::Kept as SharingKept;
use crate::{
    BootTime, CameraNumber, DeviceId, Effect, GrantId, KeyId, Now, Origins, P256, Press, Refusal,
    RuleId, Sealed, Sharing, Terms, TriggerId, Vec1, Verify, WallTime, Word,
};
use nonces::Nonces;
use owners::Waiting;

/// What the device is told by its own configuration.
#[derive(Clone, Debug)]
pub struct GateSetup {
    pub device: DeviceId,
    /// Where owners' passkeys may sign; the device said so when it was paired.
    pub origins: Origins,
    pub cameras: BTreeMap<CameraNumber, Site>,
}

/// Where a camera hangs. Inside a home no alert opens it, whatever a policy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Site {
    Outdoor,
    Indoor,
}

/// This moment, as the device's clocks say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    pub now: Now,
    /// `None` while the wall clock was not set by anybody who should know. Nothing opens because of it.
    pub wall: Option<WallTime>,
}

#[derive(Clone, Debug)]
pub enum Input {
    Word(Sealed),
    /// At the premises; the policy says for whom.
    Button {
        id: TriggerId,
        press: Press,
    },
    /// STOP at the premises.
    Stop,
    /// Somebody at the device says yes to the ceiling that waits for it.
    Confirm,
    /// A standing rule comes round; the device makes the trigger.
    Standing {
        id: TriggerId,
        rule: RuleId,
    },
    HubClose(HubClose),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub outcome: Outcome,
    /// To be carried out at once and in this order.
    pub effects: Vec<Effect>,
    /// `Gate::kept` changed: on disk before anybody is told, and before anything opens.
    pub keep: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is open yet: write the receipts, then `Gate::open` each of these.
    Opens {
        trigger: TriggerId,
        grants: Vec1<GrantId>,
        /// What the owner is to be asked beside it.
        asks: Option<Vec1<Terms>>,
    },
    /// Only the owner's yes would open these.
    Asks(Vec1<Terms>),
    Closed,
    /// A set, a policy, a ceiling or a certificate is in force.
    Taken,
    /// This very word is in force already.
    Known,
    /// A ceiling, good but for somebody at the device who confirms it.
    WaitsForPress,
    Refused(GateRefusal),
}

#[derive(Clone, Debug)]
pub struct Gate<V = P256> {
    setup: GateSetup,
    verify: V,
    kept: GateKept,
    sharing: Sharing,
    nonces: Nonces,
    waiting: Option<Waiting>,
    /// Whose word each open grant is, so that cancelling a key ends what it opened.
    openers: BTreeMap<GrantId, KeyId>,
}

impl Gate {
    /// As it was before power was lost: `kept` by `Gate::kept`, `past` out of the journal. Nothing is open.
    #[must_use]
    pub fn restore(setup: GateSetup, kept: GateKept, past: SharingKept) -> Self {
        Self::restore_with(P256, setup, kept, past)
    }
}

impl<V: Verify> Gate<V> {
    /// With another way to check signatures, for tests that are about something else.
    #[must_use]
    pub fn restore_with(verify: V, setup: GateSetup, kept: GateKept, past: SharingKept) -> Self {
        let policy = owners::in_force(&kept, &setup);
        Self {
            sharing: Sharing::restore(setup.device, policy, past),
            setup,
            verify,
            kept,
            nonces: Nonces::default(),
            waiting: None,
            openers: BTreeMap::new(),
        }
    }

    /// Judges one thing that came in.
    pub fn decide(&mut self, at: &Moment, input: Input) -> Decision {
        match input {
            Input::Word(sealed) => self.hear(at, &sealed),
            Input::Button { id, press } => self.button(at, id, press),
            Input::Standing { id, rule } => self.standing(at, id, rule),
            Input::Stop => Decision::closed(self.sharing.stop_locally(at.now.boot)),
            Input::Confirm => self.confirm(at),
            Input::HubClose(close) => self.hub_closes(close, at.now.boot),
        }
    }

    fn hear(&mut self, at: &Moment, sealed: &Sealed) -> Decision {
        match self.admit(at, sealed) {
            Ok(Some(speaker)) => self.obey(at, sealed, &speaker),
            Ok(None) => Decision::of(Outcome::Known),
            Err(refusal) => Decision::refused(refusal),
        }
    }

    /// The signatures are good and their makers may say such a thing; what it comes to is left.
    fn obey(&mut self, at: &Moment, sealed: &Sealed, speaker: &speakers::Speaker) -> Decision {
        let hash = sealed.hash;
        match &sealed.word {
            Word::OwnerSet(set) => self.take_set(set, hash),
            Word::Policy(policy) => self.take_policy(at, policy, hash),
            Word::Ceiling(ceiling) => self.hold_ceiling(at, ceiling, hash, speaker.key()),
            Word::Terms(terms) => self.open_terms(at, terms, speaker),
            Word::Trigger(trigger) => self.open_trigger(at, trigger, speaker),
            Word::Alert(alert) => self.open_alert(at, alert, speaker),
            Word::Revoke(revoke) => self.close(at, revoke),
            Word::AgencySet(set) => self.take_agency_set(set, hash),
            Word::Operator(certificate) => self.take_operator(at, certificate, speaker.key()),
            // A device writes receipts, it obeys none.
            Word::Receipt(_) => Decision::refused(GateRefusal::NotAllowed),
        }
    }

    /// Begins the life of a grant whose receipt is on disk. Does nothing where it ended in the meantime.
    pub fn open(&mut self, grant: GrantId, now: &Now) -> Vec<Effect> {
        self.sharing.open(grant, now)
    }

    /// The grants of this trigger will not open, for example because nothing can be written.
    pub fn refuse(&mut self, trigger: TriggerId, refusal: Refusal, at: BootTime) -> Vec<Effect> {
        self.sharing.refuse(trigger, refusal, at)
    }

    /// Ends what has reached its end.
    pub fn expire(&mut self, at: BootTime) -> Vec<Effect> {
        self.waiting = self.waiting.take().filter(|waiting| at <= waiting.until);
        self.sharing.expire(at)
    }

    /// The device's programme ends: so does everything that is open.
    pub fn shut(&mut self, at: BootTime) -> Vec<Effect> {
        self.sharing
            .rebooted(&std::collections::BTreeSet::new(), at)
    }

    /// Standing rules that want a new grant now: make an `Input::Standing` with a new id for each.
    #[must_use]
    pub fn renewals_due(&self, at: BootTime) -> Vec<RuleId> {
        self.sharing.renewals_due(at)
    }

    /// Keeps a renewal that does not succeed from being tried in a tight loop.
    pub fn renewal_tried(&mut self, rule: RuleId, at: BootTime) {
        self.sharing.renewal_tried(rule, at);
    }

    /// The owner lifts every pause, at the premises.
    pub fn unpause(&mut self) {
        self.sharing.unpause();
    }

    /// What must survive a loss of power, beside the journal.
    #[must_use]
    pub fn kept(&self) -> &GateKept {
        &self.kept
    }

    /// The grants and what may leave now.
    #[must_use]
    pub fn sharing(&self) -> &Sharing {
        &self.sharing
    }

    #[must_use]
    pub fn setup(&self) -> &GateSetup {
        &self.setup
    }
}

impl Decision {
    fn of(outcome: Outcome) -> Self {
        Self {
            outcome,
            effects: Vec::new(),
            keep: false,
        }
    }

    fn refused(refusal: GateRefusal) -> Self {
        Self::of(Outcome::Refused(refusal))
    }

    fn closed(effects: Vec<Effect>) -> Self {
        Self {
            effects,
            ..Self::of(Outcome::Closed)
        }
    }

    fn taken(effects: Vec<Effect>) -> Self {
        Self {
            outcome: Outcome::Taken,
            effects,
            keep: true,
        }
    }
}
