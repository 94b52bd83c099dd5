//! Time passing: the hub's own back-up for expiry, and forgetting what nobody asks for any more. The
//! device's clock ends a grant; this only catches a device that is away or does not say so.

use assent_consent::STALE_AFTER_MS;
use time::{Duration, OffsetDateTime};
use tokio_util::sync::CancellationToken;

use super::Sharing;
use super::held::{Held, boot_time};
use super::orders::Orders;

/// How often time is looked at; adds to the back-up only.
const EVERY: std::time::Duration = std::time::Duration::from_millis(500);
/// The device's own end comes first and says what left the premises.
const GRACE: Duration = Duration::milliseconds(1_500);
/// Presses and ended grants are shown for a day; the store keeps them longer.
pub(super) const REMEMBERED: Duration = Duration::DAY;
/// Bounds memory when something presses or renews without end.
const MOST_GRANTS: usize = 20_000;
/// The same for stops.
const MOST_REVOKES: usize = 10_000;

impl Sharing {
    /// Runs until told to finish.
    pub async fn keep_time(self, finish: CancellationToken) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                _ = ticks.tick() => self.tick().await,
                () = finish.cancelled() => return,
            }
        }
    }

    async fn tick(&self) {
        let now = self.world.clock.now();
        let (orders, changed) = {
            let mut held = self.held.lock();
            let before = held.unsaved.version;
            let orders = held.expire(now);
            let forgot = held.forget(now);
            (orders, forgot || held.unsaved.version != before)
        };
        if changed {
            self.carry_out(orders).await;
        }
    }
}

impl Held {
    fn expire(&mut self, now: OffsetDateTime) -> Orders {
        let late = boot_time(now - GRACE);
        let due: Vec<_> = self
            .sites
            .iter()
            .filter(|(_, site)| site.machine.poll_timeout().is_some_and(|at| at <= late))
            .map(|(device, _)| *device)
            .collect();
        due.into_iter().fold(Orders::default(), |orders, device| {
            orders.and(self.run(device, now, |machine| machine.expire(late)))
        })
    }

    /// True when pages may see something else than before.
    fn forget(&mut self, now: OffsetDateTime) -> bool {
        let gave_up = self.give_up(now);
        let (asks, presses) = (self.asks.len(), self.presses.len());
        self.asks
            .retain(|id, ask| now < ask.expires_at || self.unsaved.asks.contains(id));
        self.presses.retain(|id, press| {
            now - press.received_at < REMEMBERED || self.unsaved.presses.contains(id)
        });
        let surplus = self.grants.len() > MOST_GRANTS;
        self.grants.retain(|id, note| match note.life.over_at() {
            Some(at) => self.unsaved.grants.contains(id) || !(surplus || now - at >= REMEMBERED),
            None => true,
        });
        let surplus = self.revokes.len() > MOST_REVOKES;
        self.revokes.retain(|id, note| {
            let old = |at| surplus || now - at >= REMEMBERED;
            self.unsaved.revokes.contains(id) || !note.confirmed_at.is_some_and(old)
        });
        gave_up || asks != self.asks.len() || presses != self.presses.len()
    }

    /// A trigger that is two minutes old opens nothing any more, whoever has not answered it.
    fn give_up(&mut self, now: OffsetDateTime) -> bool {
        let stale = Duration::milliseconds(i64::try_from(STALE_AFTER_MS).unwrap_or(i64::MAX));
        let late = self.instructions.extract_if(.., |_, instruction| {
            now - instruction.made_at > stale + GRACE
        });
        let late: Vec<_> = late.map(|(trigger, _)| trigger).collect();
        late.iter().for_each(|trigger| self.press_refused(*trigger));
        !late.is_empty()
    }
}
