//! What the journal says happened before this start: which triggers were answered, what was revoked, how
//! often alert rules opened, what was open when the programme last ended, and what the hub has not heard.

use std::collections::{BTreeMap, VecDeque};

use assent_consent::{Adopted, BootTime, Cause, GrantId, RuleId, Tombstones, TriggerId};
use assent_wire::link::Receipt;
use assent_wire::link::receipt::Body;
use assent_wire::{grant_id, link, trigger_id};

use super::{Fact, Kept, Words, boot_id};

/// As many triggers as the machine remembers.
const MOST_USED: usize = 1024;
/// Openings of alert rules; daily limits are small numbers.
const MOST_OPENINGS: usize = 1024;

pub struct Past {
    pub(crate) kept: Kept,
    pub(crate) words: Words,
    pub(crate) tombstones: Tombstones,
    pub(crate) used: VecDeque<TriggerId>,
    pub(crate) openings: VecDeque<(RuleId, u32, BootTime)>,
    pub(crate) unfinished: BTreeMap<GrantId, Unfinished>,
    pub(crate) unacknowledged: Vec<Fact>,
    pub(crate) last_receipt: u64,
    this_boot: [u8; 16],
}

/// A grant that was open when the programme last ended.
#[derive(Clone, Debug)]
pub struct Unfinished {
    pub grant: Adopted,
    pub opened_wall_ms: i64,
}

impl Past {
    pub(super) fn new(kept: Kept, words: Words) -> Self {
        Self {
            kept,
            words,
            tombstones: Tombstones::default(),
            used: VecDeque::new(),
            openings: VecDeque::new(),
            unfinished: BTreeMap::new(),
            unacknowledged: Vec::new(),
            last_receipt: 0,
            this_boot: boot_id(),
        }
    }

    pub(super) fn take(&mut self, receipt: Receipt) {
        self.last_receipt = receipt.number;
        if receipt.number > self.kept.acknowledged {
            self.unacknowledged
                .extend(Fact::of(&receipt, self.this_boot));
        }
        match &receipt.body {
            Some(Body::Pressed(pressed)) => {
                self.use_up(&pressed.trigger_id);
                pressed
                    .opened
                    .iter()
                    .for_each(|opened| self.open(opened, &receipt));
            }
            Some(Body::Opened(opened)) => {
                self.use_up(&opened.trigger_id);
                self.open(opened, &receipt);
            }
            Some(Body::Ended(ended)) => {
                grant_id(&ended.grant_id)
                    .ok()
                    .and_then(|id| self.unfinished.remove(&id));
            }
            Some(Body::Revoked(revoke)) => {
                if let Ok(revoke) = revoke.try_into() {
                    self.tombstones.take(&revoke);
                }
            }
            // A refusal uses nothing up: the same trigger, sent again, is judged again.
            Some(
                Body::Started(_)
                | Body::Refused(_)
                | Body::Alarm(_)
                | Body::Reset(_)
                | Body::Taken(_),
            )
            | None => {}
        }
    }

    fn use_up(&mut self, id: &[u8]) {
        self.used.extend(trigger_id(id).ok());
        if self.used.len() > MOST_USED {
            self.used.pop_front();
        }
    }

    fn open(&mut self, opened: &link::Opened, receipt: &Receipt) {
        let Ok(grant) = Adopted::try_from(opened) else {
            return;
        };
        if grant.cause == Cause::Alert {
            let same_boot = receipt.boot_id == self.this_boot;
            let at = if same_boot {
                BootTime(receipt.boot_ms)
            } else {
                BootTime(0)
            };
            self.openings
                .push_back((grant.terms.rule, receipt.local_day, at));
            if self.openings.len() > MOST_OPENINGS {
                self.openings.pop_front();
            }
        }
        self.unfinished.insert(
            grant.grant,
            Unfinished {
                grant,
                opened_wall_ms: receipt.wall_ms,
            },
        );
    }
}
