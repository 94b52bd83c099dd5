//! Standing rules: their grants end like all others, and a new one is asked for a little before, so that
//! no gap is shown. Only the device renews; an owner's revoke pauses the rule for those cameras until
//! the policy changes or the owner lifts the pause.

use std::collections::BTreeSet;

use super::{Change, Sharing};
use crate::{BootTime, CameraNumber, Cameras, Cause, Grant, Rule, RuleId};

/// Longest overlap of a renewal with the grant before it: enough for a slow disk to take the receipt.
const OVERLAP_MS: u64 = 10_000;
/// After a renewal that failed, for example on a full disk.
const RETRY_MS: u64 = 5_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pause {
    pub rule: RuleId,
    pub camera: CameraNumber,
}

impl Sharing {
    /// Standing rules that want a new grant now: make a standing trigger with a new id for each.
    #[must_use]
    pub fn renewals_due(&self, now: BootTime) -> Vec<RuleId> {
        let due = |rule: &&Rule| self.renewal_at(rule).is_some_and(|at| at <= now);
        self.policy
            .standing_rules()
            .filter(due)
            .map(|rule| rule.id)
            .collect()
    }

    /// When `renewals_due` next has something.
    #[must_use]
    pub fn next_renewal(&self) -> Option<BootTime> {
        self.policy
            .standing_rules()
            .filter_map(|rule| self.renewal_at(rule))
            .min()
    }

    /// Keeps a renewal that does not succeed from being tried in a tight loop.
    pub fn renewal_tried(&mut self, rule: RuleId, at: BootTime) {
        self.renewals_tried.insert(rule, at);
    }

    /// The owner lifts every pause.
    pub fn unpause(&mut self) {
        self.pauses.clear();
    }

    pub(super) fn unpaused(&self, rule: RuleId, cameras: &Cameras) -> Option<Cameras> {
        cameras.only(|camera| !self.pauses.contains(&Pause { rule, camera }))
    }

    pub(super) fn pause_standing(&mut self, which: impl Fn(Pause) -> bool, change: &mut Change) {
        for rule in self.policy.standing_rules() {
            let pauses = rule.cameras.iter().map(|camera| Pause {
                rule: rule.id,
                camera,
            });
            let fresh: BTreeSet<_> = pauses
                .filter(|p| which(*p) && !self.pauses.contains(p))
                .collect();
            change.paused(rule.id, fresh.iter().map(|p| p.camera).collect());
            self.pauses.extend(fresh);
        }
    }

    fn renewal_at(&self, rule: &Rule) -> Option<BootTime> {
        let wanted = self.unpaused(rule.id, &rule.cameras)?;
        let of_rule =
            |grant: &&Grant| grant.cause() == Cause::Standing && grant.terms().rule == rule.id;
        if self
            .grants
            .values()
            .filter(of_rule)
            .any(|grant| matches!(grant, Grant::Asked(_)))
        {
            return None;
        }
        let overlap = OVERLAP_MS.min(rule.longest.ms() / 4);
        let covered = self.grants.values().filter(of_rule).filter_map(Grant::live);
        let ends = covered.filter(|live| {
            wanted
                .iter()
                .all(|camera| live.cameras().any(|c| c == camera))
        });
        let due = ends
            .map(|live| BootTime(live.ends_at.0.saturating_sub(overlap)))
            .max();
        let retry = self
            .renewals_tried
            .get(&rule.id)
            .map(|at| at.plus_ms(RETRY_MS.min(overlap)));
        Some(due.unwrap_or_default().max(retry.unwrap_or_default()))
    }
}
