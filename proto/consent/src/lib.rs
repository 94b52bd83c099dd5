//! The rules of consent that hub and device both run: what an owner said, what happened, whether that
//! is a yes, and how long the yes lives. Pure: no clock, no randomness, no storage, no network; time
//! and ids come in as arguments, and effects go out as values. The wire's schema is not known here.
//! `words` are what keys sign, `signature` is how that is checked.

mod agency;
mod alert;
mod answer;
mod cameras;
mod gate;
mod grant;
mod id;
mod keys;
mod memory;
mod policy;
mod press;
mod revoke;
mod rights;
mod sharing;
mod signature;
mod terms;
mod text;
mod time;
mod trigger;
mod vec1;
mod words;

pub use alert::Alert;
pub use answer::{Answer, Circumstances, MinuteOfDay, RuleUse, STALE_AFTER_MS};
pub use cameras::{CameraNumber, Cameras};
pub use gate::{
    CLOCKS_AGREE_WITHIN_MS, CONFIRM_WITHIN_MS, Certified, Closed, Decision, Gate, GateKept,
    GateRefusal, GateSetup, Held, HubClose, Input, LONGEST_ALERTS_MS, Moment, NONCE_LIFE_MS,
    Outcome, Paired, Site, SpentSecs, TooManyNonces,
};
pub use grant::{Asked, Cause, EndCause, Ended, Ending, Grant, Live};
pub use id::{
    AgencyHash, DeviceId, GrantId, KeyId, Nonce, ObjectHash, PolicyVersion, RevokeId, RuleId,
    TriggerId,
};
pub use keys::{BadKey, PublicKey};
pub use memory::Remembered;
pub use policy::{
    AlertLimits, AlertRule, BadPolicy, MAX_ALERT_KINDS, MAX_PRE_ROLL_SECS, MAX_RULES, QuietHours,
    Rule, RuleTrigger, StandingPolicy,
};
pub use press::{Level, Press, PressedAt};
pub use revoke::{Reason, Revoke, Scope, Tombstones};
pub use rights::Rights;
pub use sharing::{
    ASK_LIFE_MS, Adopted, Effect, Kept, MAX_OPEN_GRANTS, Now, Pause, Permission, Sharing,
};
pub use signature::{
    BadAssertion, BadClientData, BadOrigin, BadProof, BadSignatures, ClientData, Origin, Origins,
    P256, PasskeyAssertion, Proof, Signature, Signatures, SignedBytes, Verify,
};
pub use terms::{BadTerms, Refusal, Terms};
pub use text::{
    AgencyId, AgencyName, AlertKind, AlertSource, BadText, Badge, Incident, MemberName, Note,
    PersonId, Purpose,
};
pub use time::{BootTime, Ttl, WallTime};
pub use trigger::{Approval, Trigger, TriggerKind};
pub use vec1::Vec1;
pub use words::{
    Addressed, Agency, AgencyMember, AgencyRole, AgencySet, AlertFacts, AlertKinds, BadAgencySet,
    BadCeiling, BadOwnerSet, BadSignedPolicy, Ceiling, Epoch, KeyKind, Member, OperatorCertificate,
    OwnerSet, Place, RevokeReason, RevokeScope, Role, Sealed, SignedAlert, SignedPolicy,
    SignedReceipt, SignedRevoke, SignedTerms, SignedTrigger, SignedTriggerKind, Succession, Word,
};
