//! How many refusals, and revokes that close nothing, are written down: a hub that sends nonsense all day
//! must not push the receipts of real shares out of the journal.

use assent_consent::BootTime;

/// A busy day of alerts is far below this.
const A_MINUTE: u32 = 60;

#[derive(Default)]
pub(super) struct Allowance {
    minute: u64,
    used: u32,
}

impl Allowance {
    pub(super) fn allow(&mut self, now: BootTime) -> bool {
        let minute = now.0 / 60_000;
        if minute != self.minute {
            *self = Self { minute, used: 0 };
        }
        self.used += 1;
        self.used <= A_MINUTE
    }
}
