//! Who is on duty: an operator whose console is connected right now. Owners are told the number before
//! they press, so it is counted from live streams and from nothing softer.

use super::{Identity, SignedIn};
use crate::world::{AgencyId, Guarded, PersonId};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;

#[derive(Default)]
pub(super) struct Duty {
    /// How many consoles each operator has open.
    consoles: Guarded<BTreeMap<(AgencyId, PersonId), usize>>,
    changed: watch::Sender<u64>,
}

/// Held by a live stream; dropping it is leaving.
pub struct OnDuty {
    duty: Arc<Duty>,
    who: (AgencyId, PersonId),
}

impl Identity {
    /// None for people who are no agency's operators.
    pub fn come_on_duty(&self, signed_in: &SignedIn) -> Option<OnDuty> {
        let person = &signed_in.person;
        let who = (person.agency?, person.id);
        *self.duty.consoles.lock().entry(who).or_default() += 1;
        self.duty.tell();
        Some(OnDuty {
            duty: self.duty.clone(),
            who,
        })
    }

    /// How many people of an agency are on duty; somebody with two consoles is one.
    pub fn on_duty(&self, agency: AgencyId) -> usize {
        self.duty
            .consoles
            .lock()
            .keys()
            .filter(|(of, _)| *of == agency)
            .count()
    }

    pub fn everybody_on_duty(&self) -> usize {
        self.duty.consoles.lock().len()
    }

    pub fn duty_changes(&self) -> watch::Receiver<u64> {
        self.duty.changed.subscribe()
    }
}

impl Duty {
    fn tell(&self) {
        self.changed.send_modify(|number| *number += 1);
    }
}

impl Drop for OnDuty {
    fn drop(&mut self) {
        {
            let mut consoles = self.duty.consoles.lock();
            match consoles.get_mut(&self.who) {
                Some(count) if *count > 1 => *count -= 1,
                Some(_) | None => drop(consoles.remove(&self.who)),
            }
        }
        self.duty.tell();
    }
}
