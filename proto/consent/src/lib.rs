//! The rules of consent that hub and device both run: what an owner said, what happened, whether that
//! is a yes, and how long the yes lives. Pure: no clock, no randomness, no storage, no network; time
//! and ids come in as arguments, and effects go out as values. The wire's schema is not known here.

mod agency;
mod alert;
mod answer;
mod cameras;
mod grant;
mod id;
mod memory;
mod policy;
mod press;
mod revoke;
mod rights;
mod sharing;
mod terms;
mod text;
mod time;
mod trigger;
mod vec1;

pub use alert::Alert;
pub use answer::{Answer, Circumstances, MinuteOfDay, RuleUse, STALE_AFTER_MS};
pub use cameras::{CameraNumber, Cameras};
pub use grant::{Asked, Cause, EndCause, Ended, Ending, Grant, Live};
pub use id::{DeviceId, GrantId, PolicyVersion, RevokeId, RuleId, TriggerId};
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
pub use terms::{BadTerms, Refusal, Terms};
pub use text::{AgencyId, AlertKind, AlertSource, BadText, Note, PersonId};
pub use time::{BootTime, Ttl, WallTime};
pub use trigger::{Approval, Trigger, TriggerKind};
pub use vec1::Vec1;
