//! A device attaches: its policy and its live grants are taken over, and what it missed is said again.
//! One `Wanted`, then one `End` for every revoke it has not confirmed; a lost message costs delay only.

use std::collections::BTreeSet;

use assent_consent as consent;
use consent::{Grant, GrantId, RevokeId, STALE_AFTER_MS, StandingPolicy};
use time::OffsetDateTime;

use super::Sharing;
use super::facts::Reported;
use super::held::{Held, boot_time};
use super::orders::{Order, Orders, Told};
use crate::world::{DeviceId, PremisesId};

/// A device cannot hold more open than this, so no more needs closing at once.
const MOST_CLOSED: usize = consent::MAX_OPEN_GRANTS;

/// What matters to sharing in a device's `Hello`.
pub struct Greeting {
    /// New at every start of the device's programme.
    pub boot_id: [u8; 16],
    /// It obeys signed words only.
    pub paired: bool,
    pub policy: StandingPolicy,
    pub live: Vec<Reported>,
}

impl Sharing {
    pub async fn hello(&self, device: DeviceId, premises: PremisesId, greeting: Greeting) {
        let now = self.world.clock.now();
        self.change(|held| {
            if self.devices.is_barred(device) {
                return ((), Orders::default());
            }
            ((), held.greet(device, premises, greeting, now))
        })
        .await;
    }
}

impl Sharing {
    /// A device says in the middle of a line what is in force there now.
    pub async fn in_force(&self, device: DeviceId, paired: bool, policy: StandingPolicy) {
        let now = self.world.clock.now();
        self.change(|held| {
            if let Some(site) = held.sites.get_mut(&device) {
                site.paired = paired;
            }
            let change =
                |machine: &mut consent::Sharing| machine.policy_changed(policy, boot_time(now));
            ((), held.run(device, now, change))
        })
        .await;
    }
}

impl Held {
    fn greet(
        &mut self,
        device: DeviceId,
        premises: PremisesId,
        greeting: Greeting,
        now: OffsetDateTime,
    ) -> Orders {
        let at = boot_time(now);
        let still: BTreeSet<GrantId> = greeting
            .live
            .iter()
            .map(|live| live.adopted.grant)
            .collect();
        let site = self.site(device, premises);
        site.paired = greeting.paired;
        let rebooted = site
            .boot_id
            .replace(greeting.boot_id)
            .is_some_and(|before| before != greeting.boot_id);
        let mut orders = self.run(device, now, |machine| {
            machine.policy_changed(greeting.policy, at)
        });
        if rebooted {
            orders = orders.and(self.run(device, now, |machine| machine.rebooted(&still, at)));
        }
        for live in greeting.live {
            self.answered(live.adopted.trigger, device);
            // What was closed here meanwhile stands among `ended` below; adopting it says so once more.
            orders = orders.and(self.adopt(device, premises, live, now));
        }
        orders.send.push((
            device,
            Order::Wanted {
                instructions: self.unanswered(device, now),
                ended: self.to_close(device, &still),
            },
        ));
        for revoke in self.unconfirmed(device) {
            orders = orders.and(self.stop_orders(revoke, device));
        }
        orders
    }

    fn unanswered(&self, device: DeviceId, now: OffsetDateTime) -> Vec<Told> {
        let waiting = self.instructions.values().filter_map(|instruction| {
            let age = (now - instruction.made_at).whole_milliseconds();
            Some(Told {
                trigger: instruction.unanswered.get(&device)?.clone(),
                age_ms: u64::try_from(age).unwrap_or(0),
                envelope: instruction.envelopes.get(&device).cloned(),
            })
        });
        waiting
            .filter(|told| told.age_ms <= STALE_AFTER_MS)
            .take(consent::MAX_OPEN_GRANTS)
            .collect()
    }

    /// Grants that are over here and open there.
    fn to_close(&self, device: DeviceId, still: &BTreeSet<GrantId>) -> Vec<GrantId> {
        let Some(site) = self.sites.get(&device) else {
            return Vec::new();
        };
        let over = |id: &GrantId| {
            site.machine.grant(*id).is_some_and(Grant::is_ended)
                || site.machine.tombstones().holds_grant(*id)
        };
        still
            .iter()
            .copied()
            .filter(over)
            .take(MOST_CLOSED)
            .collect()
    }

    fn unconfirmed(&self, device: DeviceId) -> Vec<RevokeId> {
        let open = self
            .revokes
            .values()
            .filter(|note| note.unconfirmed.contains(&device));
        open.map(|note| note.id).take(MOST_CLOSED).collect()
    }
}
