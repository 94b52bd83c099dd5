//! Grants, as the oracle keeps them: each with its state, none ever forgotten while the device runs.

use std::collections::{BTreeMap, BTreeSet};

use super::{Clock, Device, Key, LIVE, On, Opening, SIGNED_TERMS, Use};

#[derive(Clone, Debug)]
pub struct Grant {
    pub trigger: u64,
    /// The alert behind a yes.
    pub of: Option<u64>,
    pub why: Why,
    pub policy: u64,
    pub terms: Opening,
    /// Cameras that were taken out of it.
    pub gone: BTreeSet<u16>,
    pub by: Option<Key>,
    pub state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    Press,
    Alert,
    Approval,
    Standing,
    Terms,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Asked { at_ms: u64 },
    Live { until_ms: u64 },
    Ended,
}

impl Grant {
    pub fn is_open(&self) -> bool {
        self.state != State::Ended
    }
}

impl Device {
    /// The receipts of this trigger's grants are on disk.
    pub fn written(&mut self, clock: &Clock, trigger: u64) {
        for grant in self.grants.iter_mut().filter(|g| g.trigger == trigger) {
            if !matches!(grant.state, State::Asked { .. }) {
                continue;
            }
            let until_ms = clock.boot_ms + u64::from(grant.terms.secs) * 1000;
            grant.state = State::Live { until_ms };
            if grant.why == Why::Alert {
                let before = self.uses.get(&grant.terms.rule);
                let today = before.filter(|u| u.day == clock.day).map_or(0, |u| u.today);
                let used = Use {
                    day: clock.day,
                    today: today + 1,
                    last_ms: clock.boot_ms,
                };
                self.uses.insert(grant.terms.rule, used);
            }
        }
    }

    /// They cannot be written.
    pub fn not_written(&mut self, trigger: u64) {
        for grant in self.grants.iter_mut().filter(|g| g.trigger == trigger) {
            if matches!(grant.state, State::Asked { .. }) {
                grant.state = State::Ended;
            }
        }
    }

    pub fn expire(&mut self, clock: &Clock) {
        for grant in &mut self.grants {
            let over = match grant.state {
                State::Asked { at_ms } => at_ms + 120_000 <= clock.boot_ms,
                State::Live { until_ms } => until_ms <= clock.boot_ms,
                State::Ended => false,
            };
            if over {
                grant.state = State::Ended;
            }
        }
        if self
            .waiting
            .as_ref()
            .is_some_and(|w| clock.boot_ms > w.until_ms)
        {
            self.waiting = None;
        }
    }

    /// The programme starts again.
    pub fn reboot(&mut self) {
        self.grants.clear();
        self.nonces.clear();
        self.waiting = None;
    }

    /// Cameras that may leave now, with the rights that their grants add up to.
    pub fn open_cameras(&self) -> BTreeMap<u16, u8> {
        let mut open = BTreeMap::new();
        for grant in &self.grants {
            if let State::Live { .. } = grant.state {
                for camera in grant.terms.cameras.difference(&grant.gone) {
                    *open.entry(*camera).or_insert(0) |= grant.terms.rights;
                }
            }
        }
        open
    }

    /// Rules that count: none of a void policy, and in alert rules only cameras outside.
    pub(super) fn rules(&self) -> Vec<super::Rule> {
        let Some(policy) = self.policy.as_ref().filter(|p| p.version > self.void_up_to) else {
            return Vec::new();
        };
        let mut rules = policy.rules.clone();
        for rule in &mut rules {
            if let On::Alert(_) = rule.on {
                rule.cameras.retain(|camera| self.outside.contains(camera));
            }
        }
        rules.retain(|rule| !rule.cameras.is_empty());
        rules
    }

    pub(super) fn policy_changed(&mut self) {
        self.paused.clear();
        let rules = self.rules();
        for grant in self
            .grants
            .iter_mut()
            .filter(|g| g.terms.rule != SIGNED_TERMS)
        {
            let still = rules.iter().find(|rule| rule.id == grant.terms.rule);
            let still = still.is_some_and(|rule| {
                rule.town == grant.terms.town
                    && grant.terms.cameras.is_subset(&rule.cameras)
                    && grant.terms.rights & !rule.rights == 0
                    && grant.terms.secs <= rule.secs
            });
            if !still {
                grant.state = State::Ended;
            }
        }
    }

    pub(super) fn end_above_ceiling(&mut self) {
        let mut grants = std::mem::take(&mut self.grants);
        for grant in &mut grants {
            if self.clipped(grant.terms.clone()).as_ref() != Some(&grant.terms) {
                grant.state = State::Ended;
            }
        }
        self.grants = grants;
    }

    /// As much of it as the ceiling leaves.
    pub(super) fn clipped(&self, mut terms: Opening) -> Option<Opening> {
        let ceiling = self.ceiling.as_ref()?;
        terms
            .cameras
            .retain(|camera| ceiling.cameras.contains(camera));
        terms.rights &= ceiling.rights;
        terms.secs = terms.secs.min(ceiling.longest_secs);
        let something = !terms.cameras.is_empty() && terms.rights & LIVE != 0;
        (something && ceiling.towns.contains(&terms.town)).then_some(terms)
    }
}
