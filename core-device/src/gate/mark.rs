//! How far the open shares have come, kept from time to time, so that after a power loss their receipts
//! can say when they ended and what had left. The wall clock may be anything after a power loss; two
//! times of the run before can be compared all the same.

use assent_consent::{Cause, EndCause, Live};
use assent_wire::link;

use super::keeper::Keeper;
use super::{boot_now, wall_now};
use crate::memory::{Mark, Unfinished};

/// So exact is the end of a share that somebody asked for; it lasts two hours at most.
const MARK_MS: u64 = 5_000;
/// Standing shares never end: one small write a minute is nothing that wears out a memory card.
const STANDING_MARK_MS: u64 = 60_000;

impl Keeper {
    /// Keeps a mark, if one is due.
    pub(super) fn mark(&mut self) {
        let Some(every_ms) = self
            .judge
            .sharing()
            .live()
            .map(|live| mark_ms(live.cause))
            .min()
        else {
            return;
        };
        let now = boot_now();
        if now.since_ms(self.marked_at) < every_ms {
            return;
        }
        self.marked_at = now;
        let left = self
            .judge
            .sharing()
            .live()
            .map(|live| (live.id, self.left_under(live)));
        self.kept.mark = Some(Mark {
            wall_ms: wall_now().0,
            left: left.collect(),
        });
        self.keep();
    }

    fn left_under(&self, live: &Live) -> u64 {
        let passed = self.passed_bytes(&live.terms.cameras);
        let before = self.passed_before.get(&live.id).copied();
        before.map_or(0, |before| passed.saturating_sub(before))
    }
}

/// The end of a share that was open when the programme last ended. It lasted at most until the next mark
/// would have been kept; no picture is later than what is said here.
pub(super) fn cut_off(unfinished: &Unfinished, mark: Option<&Mark>) -> link::Ended {
    let grant = &unfinished.grant;
    let marked_at = mark.map_or(0, |mark| mark.wall_ms);
    let until_mark = u64::try_from(marked_at.saturating_sub(unfinished.opened_wall_ms));
    let lasted_ms = until_mark.unwrap_or(0).saturating_add(mark_ms(grant.cause));
    link::Ended {
        grant_id: grant.grant.0.to_vec(),
        cause: link::EndCause::from(EndCause::Reboot).into(),
        receipt: 0,
        lasted_ms: lasted_ms.min(grant.terms.ttl.ms()),
        bytes_left: mark
            .and_then(|mark| mark.left.get(&grant.grant).copied())
            .unwrap_or(0),
    }
}

fn mark_ms(cause: Cause) -> u64 {
    if cause == Cause::Standing {
        STANDING_MARK_MS
    } else {
        MARK_MS
    }
}
