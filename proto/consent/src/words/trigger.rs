//! "I press", and "yes to that alert", signed by whoever says so.

use crate::{Addressed, AlertFacts, Nonce, PersonId, Press, TriggerId, WallTime};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedTrigger {
    pub to: Addressed,
    pub id: TriggerId,
    pub nonce: Nonce,
    pub made_at: WallTime,
    pub kind: SignedTriggerKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignedTriggerKind {
    /// On a phone; a button signs nothing.
    Press(Press),
    Approval {
        of: TriggerId,
        /// What the owner was shown of it. The owner's yes stands for the alert's own signature.
        alert: AlertFacts,
        by: PersonId,
    },
}
