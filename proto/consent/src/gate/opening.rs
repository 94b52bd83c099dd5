//! What a word that may be said opens: the rules of consent, then the ceiling. Nothing is open at the end
//! of it; grants are asked for, and open when their receipts are on disk.

use super::speakers::Speaker;
use super::{Decision, Gate, GateRefusal, LONGEST_ALERTS_MS, Moment, Outcome};
use crate::{
    Alert, AlertFacts, Answer, Approval, Cameras, Cause, Ceiling, Grant, GrantId, KeyId, Press,
    Refusal, RuleId, RuleTrigger, STALE_AFTER_MS, SignedAlert, SignedTerms, SignedTrigger,
    SignedTriggerKind, Terms, Trigger, TriggerId, TriggerKind, Vec1, WallTime,
};

/// Where the maker's clock and the device's are further apart than this, one of them is wrong, and neither
/// says how old a word is: its nonce does, alone.
pub const CLOCKS_AGREE_WITHIN_MS: i64 = 3_600_000;

/// Who asks for a grant.
#[derive(Clone, Copy, Default)]
struct Asker<'a> {
    key: Option<KeyId>,
    mask: Option<&'a Cameras>,
}

impl<'a> From<&'a Speaker> for Asker<'a> {
    fn from(speaker: &'a Speaker) -> Self {
        Self {
            key: Some(speaker.key()),
            mask: speaker.mask.as_ref(),
        }
    }
}

impl<V> Gate<V> {
    pub(super) fn button(&mut self, at: &Moment, id: TriggerId, press: Press) -> Decision {
        let trigger = Trigger {
            id,
            made_at: at.wall.unwrap_or_default(),
            kind: TriggerKind::Press(press),
        };
        self.propose(at, &trigger, Asker::default())
    }

    pub(super) fn standing(&mut self, at: &Moment, id: TriggerId, rule: RuleId) -> Decision {
        let trigger = Trigger {
            id,
            made_at: at.wall.unwrap_or_default(),
            kind: TriggerKind::Standing(rule),
        };
        self.propose(at, &trigger, Asker::default())
    }

    pub(super) fn open_trigger(
        &mut self,
        at: &Moment,
        word: &SignedTrigger,
        speaker: &Speaker,
    ) -> Decision {
        if is_too_old(word.made_at, at) {
            return Decision::refused(Refusal::TooOld.into());
        }
        let kind = match &word.kind {
            SignedTriggerKind::Press(press) => match self.with_known_cameras(press) {
                Some(press) => TriggerKind::Press(press),
                None => return Decision::refused(Refusal::UnknownCamera.into()),
            },
            SignedTriggerKind::Approval { of, alert, by } => TriggerKind::Approval(Approval {
                of: *of,
                alert: self.alert_here(alert),
                by: by.clone(),
            }),
        };
        let trigger = Trigger {
            id: word.id,
            made_at: word.made_at,
            kind,
        };
        self.propose(at, &trigger, speaker.into())
    }

    pub(super) fn open_alert(
        &mut self,
        at: &Moment,
        word: &SignedAlert,
        speaker: &Speaker,
    ) -> Decision {
        if is_too_old(word.made_at, at) {
            return Decision::refused(Refusal::TooOld.into());
        }
        let trigger = Trigger {
            id: word.id,
            made_at: word.made_at,
            kind: TriggerKind::Alert(self.alert_here(&word.facts)),
        };
        self.propose(at, &trigger, speaker.into())
    }

    pub(super) fn open_terms(
        &mut self,
        at: &Moment,
        word: &SignedTerms,
        speaker: &Speaker,
    ) -> Decision {
        if is_too_old(word.made_at, at) {
            return Decision::refused(Refusal::TooOld.into());
        }
        if !word
            .cameras
            .iter()
            .all(|camera| self.setup.cameras.contains_key(&camera))
        {
            return Decision::refused(Refusal::UnknownCamera.into());
        }
        let terms = word.terms();
        let spent = self.kept.spent;
        let within = self.ceiling().is_some_and(|ceiling| ceiling.covers(&terms));
        if !within || !self.spend_secs(at, &terms) {
            return Decision::refused(GateRefusal::AboveCeiling);
        }
        match self.sharing.ask_for_terms(word.id, terms, at.now.boot) {
            Ok(grant) => Decision {
                keep: true,
                ..self.opens(word.id, Vec1::of(grant), None, Some(speaker.key()))
            },
            Err(refusal) => {
                self.kept.spent = spent;
                Decision::refused(refusal.into())
            }
        }
    }

    /// What the policy says to a trigger, under the ceiling.
    fn propose(&mut self, at: &Moment, trigger: &Trigger, asker: Asker<'_>) -> Decision {
        if self.rules_are_over(at, trigger) {
            return Decision::refused(GateRefusal::Expired);
        }
        let asks = self.sharing.asks(trigger, 0, &at.now).map(Vec1::into_vec);
        let asks = Vec1::new(self.askable(asks.unwrap_or_default()));
        let refused = |refusal: GateRefusal| match asks.clone() {
            Some(asks) => Decision::of(Outcome::Asks(asks)),
            None => Decision::refused(refusal),
        };
        let spent = self.kept.spent;
        let opening = match self.sharing.answer(trigger, 0, &at.now) {
            Answer::Opens(terms) => self.within_limits(at, trigger, asker, terms.into_vec()),
            Answer::Asks(_) => Err(GateRefusal::AboveCeiling),
            Answer::Nothing(refusal) => return Decision::refused(refusal.into()),
        };
        let asked = opening.and_then(|terms| {
            let grants = self.sharing.ask(trigger, &terms, at.now.boot);
            Vec1::new(grants).ok_or(Refusal::NoRule.into())
        });
        match asked {
            // A press changes nothing that must be kept: a full disk does not hold it up.
            Ok(grants) => Decision {
                keep: self.kept.spent != spent,
                ..self.opens(trigger.id, grants, asks, asker.key)
            },
            Err(refusal) => refused(refusal),
        }
    }

    fn opens(
        &mut self,
        trigger: TriggerId,
        grants: Vec1<GrantId>,
        asks: Option<Vec1<Terms>>,
        opener: Option<KeyId>,
    ) -> Decision {
        let sharing = &self.sharing;
        self.openers
            .retain(|id, _| sharing.grant(*id).is_some_and(|grant| !grant.is_ended()));
        self.openers
            .extend(grants.iter().filter_map(|grant| Some((*grant, opener?))));
        Decision::of(Outcome::Opens {
            trigger,
            grants,
            asks,
        })
    }

    /// These terms as far as agencies that were shut out, the speaker's cameras and the ceiling leave them.
    fn within_limits(
        &mut self,
        at: &Moment,
        trigger: &Trigger,
        asker: Asker<'_>,
        terms: Vec<Terms>,
    ) -> Result<Vec1<Terms>, GateRefusal> {
        let mut first_refusal = None;
        let mut left = Vec::with_capacity(terms.len());
        for terms in terms {
            match self.within_limits_one(at, trigger, asker, terms) {
                Ok(terms) => left.push(terms),
                Err(refusal) => first_refusal = first_refusal.or(Some(refusal)),
            }
        }
        Vec1::new(left).ok_or(first_refusal.unwrap_or(Refusal::NoRule.into()))
    }

    fn within_limits_one(
        &mut self,
        at: &Moment,
        trigger: &Trigger,
        asker: Asker<'_>,
        terms: Terms,
    ) -> Result<Terms, GateRefusal> {
        let shut_out = terms
            .agency
            .as_hash()
            .is_none_or(|agency| self.kept.closed.holds_agency(agency));
        if shut_out {
            return Err(GateRefusal::Revoked);
        }
        let terms = masked(terms, asker.mask).ok_or(GateRefusal::NotAllowed)?;
        let ceiling = self.ceiling().ok_or(GateRefusal::AboveCeiling)?;
        match trigger.kind {
            TriggerKind::Press(_) => ceiling.clip(terms).ok_or(GateRefusal::AboveCeiling),
            TriggerKind::Standing(_) => {
                let covered = ceiling.covers(&terms);
                covered.then_some(terms).ok_or(GateRefusal::AboveCeiling)
            }
            TriggerKind::Approval(_) => {
                let terms = ceiling.clip(terms).ok_or(GateRefusal::AboveCeiling)?;
                let left = self.spend_secs(at, &terms);
                left.then_some(terms).ok_or(GateRefusal::AboveCeiling)
            }
            TriggerKind::Alert(_) => {
                if !ceiling.covers(&terms) {
                    return Err(GateRefusal::AboveCeiling);
                }
                if self.is_being_written(terms.rule) {
                    return Err(Refusal::Cooldown.into());
                }
                let left = self.spend_secs(at, &terms);
                left.then_some(terms).ok_or(GateRefusal::AboveCeiling)
            }
        }
    }

    /// What the owner can still be asked: a question whose yes would open nothing is not put.
    fn askable(&self, asks: Vec<Terms>) -> Vec<Terms> {
        let Some(ceiling) = self.ceiling() else {
            return Vec::new();
        };
        let open = |terms: &Terms| {
            let agency = terms.agency.as_hash();
            agency.is_some_and(|agency| !self.kept.closed.holds_agency(agency))
        };
        let asks = asks.into_iter().filter(open);
        asks.filter_map(|terms| ceiling.clip(terms)).collect()
    }

    /// Two alerts at once must not both count as the first: an opening counts for cooldown and daily number
    /// when it happens, which is after its receipt is written.
    fn is_being_written(&self, rule: RuleId) -> bool {
        let limited = self
            .sharing
            .policy()
            .rule(rule)
            .is_some_and(|rule| match &rule.trigger {
                RuleTrigger::Alert(on) => on.limits.per_day > 0 || on.limits.cooldown_secs > 0,
                RuleTrigger::Press | RuleTrigger::Standing => false,
            });
        let mut grants = self.sharing.grants();
        limited
            && grants.any(|grant| {
                matches!(grant, Grant::Asked(asked)
                    if asked.cause == Cause::Alert && asked.terms.rule == rule)
            })
    }

    /// A press never ends on paperwork; alert and standing rules do, and where nobody knows the time.
    fn rules_are_over(&self, at: &Moment, trigger: &Trigger) -> bool {
        match trigger.kind {
            TriggerKind::Press(_) => false,
            TriggerKind::Alert(_) | TriggerKind::Approval(_) | TriggerKind::Standing(_) => {
                let policy = self.kept.policy.as_ref();
                policy.is_some_and(|held| !is_within(held.word.alerts_until(), at))
            }
        }
    }

    fn spend_secs(&mut self, at: &Moment, terms: &Terms) -> bool {
        let Some(most) = self.ceiling().map(Ceiling::secs_a_day) else {
            return false;
        };
        self.kept
            .spent
            .take(terms.ttl.secs(), at.now.local_day, most)
    }

    fn ceiling(&self) -> Option<&Ceiling> {
        self.kept.paired.as_ref().map(|paired| &paired.ceiling.word)
    }

    /// Without cameras that are not there any more. `None` when it named only such: naming none means all.
    fn with_known_cameras(&self, press: &Press) -> Option<Press> {
        let mut known = press.clone();
        known
            .cameras
            .retain(|camera| self.setup.cameras.contains_key(camera));
        (known.cameras.is_empty() == press.cameras.is_empty()).then_some(known)
    }

    /// How far it is, is measured here, from two signed places.
    fn alert_here(&self, facts: &AlertFacts) -> Alert {
        let here = self.kept.policy.as_ref().and_then(|held| held.word.place());
        let distance = here
            .zip(facts.place)
            .map(|(here, there)| here.metres_to(there));
        Alert {
            kind: facts.kind.clone(),
            agency: facts.agency.into(),
            distance_m: distance.unwrap_or(u32::MAX),
            source: facts.source.clone(),
        }
    }
}

fn masked(terms: Terms, mask: Option<&Cameras>) -> Option<Terms> {
    let Some(mask) = mask else {
        return Some(terms);
    };
    let cameras = terms.cameras.only(|camera| mask.contains(camera))?;
    Some(Terms { cameras, ..terms })
}

/// Still to come, and not further ahead than anybody may agree to: a device that did not know the time
/// when it took the policy finds out here.
fn is_within(until: WallTime, at: &Moment) -> bool {
    at.wall.is_some_and(|wall| {
        let ahead = until.0.saturating_sub(wall.0);
        (0..=LONGEST_ALERTS_MS).contains(&ahead)
    })
}

/// Only ever a reason to refuse: the nonce is what makes a word fresh.
fn is_too_old(made_at: WallTime, at: &Moment) -> bool {
    let stale = i64::try_from(STALE_AFTER_MS).unwrap_or(i64::MAX);
    at.wall.is_some_and(|wall| {
        let age = wall.0.saturating_sub(made_at.0);
        age > stale && age <= CLOCKS_AGREE_WITHIN_MS
    })
}
