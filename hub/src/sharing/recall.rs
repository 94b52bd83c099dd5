//! Reading sharing back when the hub starts: a machine for every enrolled device with the policy it last
//! reported, the last day's presses, every grant and revoke that is not settled, and what owners are still
//! asked. What a device says in its next `Hello` corrects this.

mod ask;
mod decode;

pub(super) use ask::{encoded_alert, encoded_place, encoded_terms, encoded_yes};
pub(super) use decode::{decoded as decoded_revoke, encoded as encoded_revoke};

use std::collections::{BTreeMap, BTreeSet};

use assent_consent as consent;
use consent::{Adopted, GrantId, StandingPolicy, Trigger, TriggerKind, WallTime};
use sqlx::any::AnyRow;
use time::OffsetDateTime;

use super::decide::Named;
use super::held::{Held, Site, boot_time};
use super::note::{Cause, GrantNote, Life, PressNote, PressState};
use super::tick::REMEMBERED;
use crate::devices::Devices;
use crate::error::Result;
use crate::registry::Registry;
use crate::world::{DeviceId, World, millis};
use decode::{grant_of, press_of, revoke_of};

pub(super) async fn held(world: &World, registry: &Registry, devices: &Devices) -> Result<Held> {
    let now = world.clock.now();
    let mut held = Held {
        registry: Some(registry.clone()),
        sites: sites(devices),
        ..Held::default()
    };
    let since = millis(now - REMEMBERED);
    for row in fetch(world, "SELECT * FROM press WHERE received_at > $1", since).await? {
        let press = press_of(&row)?;
        held.presses.insert(press.id, press);
    }
    for row in fetch(
        world,
        "SELECT * FROM grants WHERE ended_at IS NULL OR ended_at > $1",
        since,
    )
    .await?
    {
        let grant = grant_of(&row)?;
        held.grants.insert(grant.id, grant);
    }
    for row in fetch(
        world,
        "SELECT * FROM revoke WHERE confirmed_at IS NULL OR confirmed_at > $1",
        since,
    )
    .await?
    {
        let revoke = revoke_of(&row)?;
        held.revokes.insert(revoke.id, revoke);
    }
    // Answered ones too: a source that sends its alert once more must not ask again.
    for row in fetch(
        world,
        "SELECT * FROM ask WHERE expires_at > $1",
        millis(now),
    )
    .await?
    {
        held.asks
            .extend(ask::ask_of(&row)?.map(|ask| (ask.trigger, ask)));
    }
    held.resume(registry, now);
    Ok(held)
}

async fn fetch(world: &World, query: &'static str, since: i64) -> Result<Vec<AnyRow>> {
    Ok(sqlx::query(query)
        .bind(since)
        .fetch_all(world.store.pool())
        .await?)
}

fn sites(devices: &Devices) -> BTreeMap<DeviceId, Site> {
    let site = |device: crate::devices::Device| {
        let policy = device
            .policy
            .map_or_else(StandingPolicy::default, |policy| {
                StandingPolicy::clone(&policy)
            });
        let machine = consent::Sharing::new(consent::DeviceId(device.id.0), policy);
        (
            device.id,
            Site {
                premises: device.premises,
                machine,
                boot_id: None,
                paired: device.consent.paired,
            },
        )
    };
    let known = devices.all().into_iter();
    known
        .filter(|device| device.revoked.is_none())
        .map(site)
        .collect()
}

impl Held {
    /// Revokes first, so that nothing that was stopped lives again; then what was live; then presses that
    /// were under way when the hub ended are given to their devices once more.
    fn resume(&mut self, registry: &Registry, now: OffsetDateTime) {
        for revoke in self.revokes.values().cloned().collect::<Vec<_>>() {
            for (device, scope) in revoke.told {
                let one = consent::Revoke {
                    id: revoke.id,
                    scope,
                    reason: revoke.reason,
                };
                if let Some(site) = self.sites.get_mut(&device) {
                    site.machine.revoke(&one, boot_time(now));
                }
            }
        }
        for note in self.grants.values().cloned().collect::<Vec<_>>() {
            match note.life {
                Life::Live { ends_at, .. } => self.revive(&note, ends_at, now),
                // Asked for by a press: the press is decided once more below, and names the same grant.
                Life::Asked => self.settle(note.id, consent::EndCause::Expired, now),
                Life::Ended { .. } | Life::Refused { .. } => {}
            }
        }
        for press in self
            .presses
            .values()
            .filter(|press| press.state == PressState::Received)
            .cloned()
            .collect::<Vec<_>>()
        {
            self.press_again(registry, &press, now);
        }
        for ask in self.asks.values().cloned().collect::<Vec<_>>() {
            // Nobody has a line yet: what it says waits for the Hello.
            drop(self.yes_again(&ask, now));
        }
    }

    fn revive(&mut self, note: &GrantNote, ends_at: OffsetDateTime, now: OffsetDateTime) {
        let adopted = Adopted {
            grant: note.id,
            trigger: note.trigger,
            cause: self.cause_again(note),
            terms: note.terms.clone(),
            remaining_ms: u64::try_from((ends_at - now).whole_milliseconds()).unwrap_or(0),
        };
        let adopted = self
            .sites
            .get_mut(&note.device)
            .map(|site| site.machine.adopt(adopted, boot_time(now)));
        if !matches!(adopted, Some(Ok(_))) {
            self.settle(note.id, consent::EndCause::Revoked, now);
        }
    }

    /// Its device hears of it after its Hello. One that has opened it meanwhile says so and is not told.
    pub(super) fn press_again(
        &mut self,
        registry: &Registry,
        press: &PressNote,
        now: OffsetDateTime,
    ) {
        let age_ms = u64::try_from((now - press.received_at).whole_milliseconds()).unwrap_or(0);
        let named = Named::of(registry, press.premises, &press.cameras);
        let (Some(trigger), Ok(named)) = (trigger_again(press), named) else {
            return;
        };
        // Nobody has a line yet, so there is nothing to send: the instruction waits for the Hello.
        drop(self.decide(&trigger, &named, press.premises, age_ms, now));
    }

    fn settle(&mut self, id: GrantId, cause: consent::EndCause, at: OffsetDateTime) {
        if let Some(note) = self.grants.get_mut(&id) {
            note.life = Life::Ended {
                since: note.life.live_since(),
                at,
                cause,
            };
            self.dirty_grant(id);
        }
    }

    fn cause_again(&self, note: &GrantNote) -> consent::Cause {
        match (note.cause, self.presses.get(&note.trigger)) {
            (_, Some(press)) => consent::Cause::Press {
                level: press.level,
                silent: press.silent,
                drill: press.drill,
                at: press.at,
            },
            (Cause::Standing, None) => consent::Cause::Standing,
            (Cause::Alert | Cause::Press | Cause::Button, None) => consent::Cause::Alert,
        }
    }
}

/// The trigger of a press, as its row tells it.
fn trigger_again(press: &PressNote) -> Option<Trigger> {
    Some(Trigger {
        id: press.id,
        made_at: WallTime(millis(press.received_at)),
        kind: TriggerKind::Press(consent::Press {
            level: press.level,
            silent: press.silent,
            drill: press.drill,
            at: press.at,
            by: consent::PersonId::new(press.by.map(|id| id.to_string()).unwrap_or_default())
                .ok()?,
            cameras: BTreeSet::new(),
            note: consent::Note::new(press.note.clone()).ok()?,
        }),
    })
}
