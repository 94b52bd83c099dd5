//! Reading sharing back when the hub starts: a machine for every enrolled device with the policy it last
//! reported, the last day's presses, and every grant and revoke that is not settled. What a device says
//! in its next `Hello` corrects this.

use std::collections::{BTreeMap, BTreeSet};

use assent_consent as consent;
use assent_wire::{Canonical, link};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use consent::{Adopted, GrantId, RevokeId, StandingPolicy, Terms, Trigger, TriggerKind, WallTime};
use prost::Message as _;
use sqlx::Row as _;
use sqlx::any::AnyRow;
use time::OffsetDateTime;
use uuid::Uuid;

use super::decide::Named;
use super::held::{Held, Site, boot_time};
use super::note::{Acknowledged, Cause, GrantNote, Life, PressNote, PressState, RevokeNote};
use super::rows;
use super::tick::REMEMBERED;
use super::trigger_of;
use crate::devices::Devices;
use crate::error::{Error, Result};
use crate::registry::Registry;
use crate::world::{
    CameraId, DeviceId, IncidentId, PersonId, PremisesId, World, from_millis, millis,
};

pub(super) async fn held(world: &World, registry: &Registry, devices: &Devices) -> Result<Held> {
    let now = world.clock.now();
    let mut held = Held {
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
            },
        )
    };
    devices.all().into_iter().map(site).collect()
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
    fn press_again(&mut self, registry: &Registry, press: &PressNote, now: OffsetDateTime) {
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

fn press_of(row: &AnyRow) -> Result<PressNote> {
    let cameras: Vec<Uuid> =
        serde_json::from_str(row.try_get("cameras")?).map_err(Error::internal)?;
    let badge: Option<String> = row.try_get("ack_badge")?;
    let acknowledged_at = time_of(row, "ack_at")?;
    Ok(PressNote {
        id: trigger_of(id_of(row, "id")?),
        premises: PremisesId(id_of(row, "premises_id")?),
        level: if row.try_get::<&str, _>("level")? == "panic" {
            consent::Level::Panic
        } else {
            consent::Level::StaffAlert
        },
        silent: row.try_get::<i64, _>("silent")? != 0,
        drill: row.try_get::<i64, _>("drill")? != 0,
        at: if row.try_get::<&str, _>("at")? == "button" {
            consent::PressedAt::Button
        } else {
            consent::PressedAt::Phone
        },
        by: row
            .try_get::<Option<&str>, _>("by_id")?
            .and_then(PersonId::parse),
        by_name: row.try_get("by_name")?,
        note: row
            .try_get::<Option<String>, _>("note")?
            .unwrap_or_default(),
        cameras: cameras.into_iter().map(CameraId).collect(),
        state: press_state(row.try_get("state")?),
        refusal: row
            .try_get::<Option<&str>, _>("refusal")?
            .and_then(rows::refusal_of),
        received_at: from_millis(row.try_get("received_at")?),
        opened_at: time_of(row, "opened_at")?,
        on_wall_at: time_of(row, "on_wall_at")?,
        acknowledged: badge
            .zip(acknowledged_at)
            .map(|(badge, at)| Acknowledged { badge, at }),
    })
}

fn press_state(text: &str) -> PressState {
    let all = [
        PressState::Received,
        PressState::Opened,
        PressState::Message,
        PressState::Cancelled,
    ];
    all.into_iter()
        .find(|state| rows::press_state_name(*state) == text)
        .unwrap_or(PressState::Refused)
}

fn grant_of(row: &AnyRow) -> Result<GrantNote> {
    let terms: Vec<u8> = row.try_get("terms")?;
    let terms = link::Terms::decode(terms.as_slice()).map_err(Error::internal)?;
    let causes = [Cause::Press, Cause::Button, Cause::Alert, Cause::Standing];
    let cause: &str = row.try_get("cause")?;
    Ok(GrantNote {
        id: GrantId(*id_of(row, "id")?.as_bytes()),
        device: DeviceId::parse(row.try_get("device_id")?).ok_or_else(broken)?,
        premises: PremisesId(id_of(row, "premises_id")?),
        trigger: trigger_of(id_of(row, "trigger_id")?),
        cause: causes
            .into_iter()
            .find(|one| rows::cause_name(*one) == cause)
            .ok_or_else(broken)?,
        terms: Terms::try_from(&terms).map_err(Error::internal)?,
        asked_at: from_millis(row.try_get("asked_at")?),
        life: life_of(row)?,
        confirmed: row.try_get::<i64, _>("confirmed")? != 0,
        receipt: row
            .try_get::<Option<i64>, _>("receipt")?
            .and_then(|number| u64::try_from(number).ok()),
        bytes_left: row
            .try_get::<Option<i64>, _>("bytes_left")?
            .and_then(|bytes| u64::try_from(bytes).ok()),
        incident: row
            .try_get::<Option<&str>, _>("incident_id")?
            .and_then(IncidentId::parse),
    })
}

fn life_of(row: &AnyRow) -> Result<Life> {
    let why: Option<String> = row.try_get("end_cause")?;
    let why = why.unwrap_or_default();
    let since = time_of(row, "live_at")?;
    Ok(match row.try_get("state")? {
        "live" => Life::Live {
            since: since.ok_or_else(broken)?,
            ends_at: time_of(row, "ends_at")?.ok_or_else(broken)?,
        },
        "ended" => Life::Ended {
            since,
            at: time_of(row, "ended_at")?.ok_or_else(broken)?,
            cause: rows::end_cause_of(&why).ok_or_else(broken)?,
        },
        "refused" => Life::Refused {
            at: time_of(row, "ended_at")?.ok_or_else(broken)?,
            refusal: rows::refusal_of(&why).ok_or_else(broken)?,
        },
        _ => Life::Asked,
    })
}

#[derive(serde::Deserialize)]
struct Told {
    device: DeviceId,
    payload: String,
    confirmed: bool,
}

fn revoke_of(row: &AnyRow) -> Result<RevokeNote> {
    let told: Vec<Told> = serde_json::from_str(row.try_get("told")?).map_err(Error::internal)?;
    let stopped: Vec<Uuid> =
        serde_json::from_str(row.try_get("grants")?).map_err(Error::internal)?;
    let reason: &str = row.try_get("reason")?;
    let reasons = [
        consent::Reason::Owner,
        consent::Reason::Cancelled,
        consent::Reason::Cleared,
        consent::Reason::OperatorSignedOut,
    ];
    let scope = |told: &Told| Some((told.device, decoded(&told.payload)?.scope));
    Ok(RevokeNote {
        id: RevokeId(*id_of(row, "id")?.as_bytes()),
        premises: PremisesId(id_of(row, "premises_id")?),
        by: row
            .try_get::<Option<&str>, _>("by_id")?
            .and_then(PersonId::parse),
        reason: reasons
            .into_iter()
            .find(|one| rows::reason_name(*one) == reason)
            .ok_or_else(broken)?,
        received_at: from_millis(row.try_get("received_at")?),
        unconfirmed: told
            .iter()
            .filter(|told| !told.confirmed)
            .map(|told| told.device)
            .collect(),
        told: told.iter().filter_map(scope).collect(),
        stopped: stopped
            .into_iter()
            .map(|id| GrantId(*id.as_bytes()))
            .collect(),
        confirmed_at: time_of(row, "confirmed_at")?,
    })
}

/// A revoke as it stands in the store: its canonical payload in base64.
pub(super) fn encoded(revoke: &consent::Revoke) -> String {
    STANDARD.encode(Canonical::of(revoke.clone()).bytes())
}

fn decoded(text: &str) -> Option<consent::Revoke> {
    let bytes = STANDARD.decode(text).ok()?;
    Canonical::decode(&bytes).ok().map(Canonical::into_value)
}

fn time_of(row: &AnyRow, column: &str) -> Result<Option<OffsetDateTime>> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(from_millis))
}

fn id_of(row: &AnyRow, column: &str) -> Result<Uuid> {
    Uuid::try_parse(row.try_get(column)?).map_err(Error::internal)
}

fn broken() -> Error {
    Error::internal("a row of what is shared cannot be read")
}
