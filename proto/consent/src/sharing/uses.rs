//! How often alert rules opened, for their daily limit and cooldown. Presses are never counted.

use std::collections::BTreeMap;

use crate::{BootTime, Circumstances, MinuteOfDay, RuleId, RuleUse};

/// This moment, as the caller's clocks say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    pub boot: BootTime,
    /// Number of the local day at the premises; only compared for equality.
    pub local_day: u32,
    pub local_minute: MinuteOfDay,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Uses(BTreeMap<RuleId, Use>);

#[derive(Clone, Copy, Debug)]
struct Use {
    day: u32,
    today: u32,
    last: BootTime,
}

impl Uses {
    pub(super) fn restore(openings: Vec<(RuleId, u32, BootTime)>) -> Self {
        let mut uses = Self::default();
        for (rule, local_day, boot) in openings {
            uses.note(
                rule,
                &Now {
                    boot,
                    local_day,
                    ..Now::default()
                },
            );
        }
        uses
    }

    pub(super) fn note(&mut self, rule: RuleId, now: &Now) {
        let used = self.0.entry(rule).or_insert(Use {
            day: now.local_day,
            today: 0,
            last: now.boot,
        });
        if used.day != now.local_day {
            used.today = 0;
        }
        *used = Use {
            day: now.local_day,
            today: used.today.saturating_add(1),
            last: now.boot,
        };
    }

    pub(super) fn circumstances(&self, age_ms: u64, now: &Now) -> Circumstances {
        let as_of_now = |used: &Use| RuleUse {
            today: if used.day == now.local_day {
                used.today
            } else {
                0
            },
            since_last_ms: Some(now.boot.since_ms(used.last)),
        };
        Circumstances {
            age_ms,
            local_minute: now.local_minute,
            uses: self
                .0
                .iter()
                .map(|(rule, used)| (*rule, as_of_now(used)))
                .collect(),
        }
    }
}
