//! The owner's press, from the phone (through the API) and from the button (through the link). It never
//! fails on paperwork: where neither store nor spool takes the record, the device is told all the same,
//! because its own persisted receipt is enough to open.

use std::collections::BTreeSet;

use assent_consent as consent;
use consent::{Level, PressedAt, STALE_AFTER_MS, Trigger, TriggerId, TriggerKind, WallTime};
use serde::Deserialize;
use serde_json::json;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::decide::Named;
use super::held::Held;
use super::note::{Envelopes, PressNote, PressState};
use super::orders::Orders;
use super::page::Press;
use super::signing::on_record;
use super::{Sharing, facts::Reported, trigger_of};
use crate::audit::{Actor, Class, Event};
use crate::error::{Error, Result};
use crate::identity::Person;
use crate::world::{CameraId, DeviceId, IncidentId, PremisesId, millis};

/// An owner does not press more often than this; more is a broken page. Older ones leave memory first.
const MOST_PRESSES: usize = 10_000;
/// One premises cannot fill the table: this many presses a minute open or alert. More are refused to a
/// phone, whose earlier presses stand, and join the earlier ones where a device has opened already.
const MOST_A_MINUTE: usize = 30;

/// Body of `PUT /api/presses/{id}`.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PressAsked {
    pub premises_id: Uuid,
    pub level: LevelText,
    #[serde(default)]
    pub silent: bool,
    #[serde(default)]
    pub drill: bool,
    /// Missing or empty: what the press rules name.
    #[serde(default)]
    pub camera_ids: Option<Vec<Uuid>>,
    /// How long it lay on the phone before it was sent.
    #[serde(default)]
    pub age_ms: u64,
    #[serde(default)]
    pub note: Option<String>,
    /// The press as it was signed, one a device that obeys signed words only, in base64url. What is shown is
    /// taken from them. Without one operators hear of the press, and such a device opens nothing until the
    /// same press comes again with it (`signFor`).
    #[serde(default)]
    pub envelopes: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PressLevel)]
pub enum LevelText {
    StaffAlert,
    Panic,
}

/// A press that was made at the premises and arrived through the link.
pub struct DevicePress {
    pub trigger: Trigger,
    pub age_ms: u64,
    pub opened: Vec<Reported>,
}

impl From<LevelText> for Level {
    fn from(level: LevelText) -> Self {
        match level {
            LevelText::StaffAlert => Level::StaffAlert,
            LevelText::Panic => Level::Panic,
        }
    }
}

impl From<Level> for LevelText {
    fn from(level: Level) -> Self {
        match level {
            Level::StaffAlert => LevelText::StaffAlert,
            Level::Panic => LevelText::Panic,
        }
    }
}

impl Sharing {
    /// A press from the owner's page. Saying it twice is saying it once: the second answer tells how far
    /// the first has come. The flag says whether this call was the first.
    pub async fn press(&self, by: &Person, id: Uuid, asked: PressAsked) -> Result<(Press, bool)> {
        let premises = PremisesId(asked.premises_id);
        if !by.answers_for(premises) {
            return Err(Error::not_found(
                "These premises are not yours, or not known here.",
            ));
        }
        let mut trigger = self.trigger_from(by, id, &asked)?;
        let (cameras, envelopes) = self.asked_for(by, &mut trigger, &asked)?;
        let named = Named::of(&self.registry, premises, &cameras)?;
        let with = (&cameras[..], &envelopes);
        let known = self.note_press(&trigger, premises, by, asked.age_ms, with)?;
        if let Some(known) = known {
            let signed = self.sign_press(&trigger, &named, envelopes).await;
            return Ok((signed.unwrap_or(known), false));
        }
        self.record_press(&trigger, premises, Actor::Person(by.id), Some(with))
            .await;
        self.change(|held| {
            (
                (),
                held.decide(
                    &trigger,
                    &named,
                    premises,
                    asked.age_ms,
                    self.world.clock.now(),
                ),
            )
        })
        .await;
        tracing::info!(press.id = %id, premises.id = %premises, actor = %by.id, "press received");
        self.press_page(trigger.id)
            .map(|press| (press, true))
            .ok_or_else(|| Error::internal("a press is gone from memory"))
    }

    /// A press from the button at the premises, with what the device opened on its own receipt.
    /// True when it is new.
    pub async fn pressed_at_device(
        &self,
        device: DeviceId,
        premises: PremisesId,
        press: DevicePress,
    ) -> bool {
        let TriggerKind::Press(ref what) = press.trigger.kind else {
            return false;
        };
        let now = self.world.clock.now();
        let fresh = {
            let mut held = self.held.lock();
            let fresh = !held.presses.contains_key(&press.trigger.id);
            if fresh {
                let mut note = note_of(&press.trigger, what, premises, now);
                if press.opened.is_empty() && press.age_ms > STALE_AFTER_MS {
                    note.state = PressState::Message;
                }
                insert(&mut held, note);
            }
            fresh
        };
        if fresh {
            self.record_press(&press.trigger, premises, Actor::Device(device), None)
                .await;
        }
        for opened in press.opened {
            self.opened(device, premises, opened).await;
        }
        self.change(|held| {
            if held.is_pressed_at(press.trigger.id, device) {
                held.press_refused(press.trigger.id);
            }
            ((), Orders::default())
        })
        .await;
        fresh
    }

    /// Whether a new press at the premises comes on top of as many like it as one minute takes.
    pub fn pressed_often(&self, premises: PremisesId, trigger: &Trigger) -> bool {
        let TriggerKind::Press(ref what) = trigger.kind else {
            return false;
        };
        let since = self.world.clock.now() - Duration::MINUTE;
        let held = self.held.lock();
        let like = |note: &&PressNote| {
            note.premises == premises
                && note.received_at > since
                && (note.level, note.silent, note.drill) == (what.level, what.silent, what.drill)
        };
        !held.presses.contains_key(&trigger.id)
            && held.presses.values().filter(like).count() >= MOST_A_MINUTE
    }

    /// One press too many of a button: no further entry in the books, but what the device has opened is
    /// open, and belongs to the incident that the earlier ones opened.
    pub async fn joined_at_device(
        &self,
        device: DeviceId,
        premises: PremisesId,
        press: DevicePress,
        incident: IncidentId,
    ) {
        for opened in press.opened {
            self.opened(device, premises, opened).await;
        }
        self.belongs_to(super::uuid(press.trigger.id.0), incident);
    }

    /// Parses what the page says into the rules' own words; whatever cannot be a press is refused here.
    fn trigger_from(&self, by: &Person, id: Uuid, asked: &PressAsked) -> Result<Trigger> {
        let note = consent::Note::new(asked.note.clone().unwrap_or_default()).map_err(|_| {
            Error::invalid("The note is longer than 280 bytes or holds control characters.")
        })?;
        let person = consent::PersonId::new(by.id.to_string())
            .map_err(|_| Error::internal("a person id is too long"))?;
        let age = Duration::milliseconds(i64::try_from(asked.age_ms).unwrap_or(i64::MAX));
        let made_at = self
            .world
            .clock
            .now()
            .checked_sub(age)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH);
        Ok(Trigger {
            id: trigger_of(id),
            made_at: WallTime(millis(made_at)),
            kind: TriggerKind::Press(consent::Press {
                level: asked.level.into(),
                silent: asked.silent,
                drill: asked.drill,
                at: PressedAt::Phone,
                by: person,
                cameras: BTreeSet::new(),
                note,
            }),
        })
    }

    /// Takes the press into memory. Gives the press that already has this id, if it is the same one.
    fn note_press(
        &self,
        trigger: &Trigger,
        premises: PremisesId,
        by: &Person,
        age_ms: u64,
        (cameras, envelopes): (&[CameraId], &Envelopes),
    ) -> Result<Option<Press>> {
        let TriggerKind::Press(ref what) = trigger.kind else {
            return Err(Error::internal("not a press"));
        };
        let now = self.world.clock.now();
        let mut held = self.held.lock();
        if let Some(known) = held.presses.get(&trigger.id) {
            if known.premises != premises
                || known.by != Some(by.id)
                || known.level != what.level
                || known.drill != what.drill
            {
                return Err(
                    Error::conflict("Another press has this id already. Press again.")
                        .slug("press-replayed"),
                );
            }
            drop(held);
            return Ok(self.press_page(trigger.id));
        }
        let since = now - Duration::MINUTE;
        if held
            .presses
            .values()
            .filter(|press| press.premises == premises && press.received_at > since)
            .count()
            >= MOST_A_MINUTE
        {
            return Err(Error::too_many(
                "These premises have pressed very often in the last minute. The earlier presses stand.",
            ));
        }
        let mut note = note_of(trigger, what, premises, now);
        note.by = Some(by.id);
        note.by_name = Some(by.name.reveal().clone());
        note.cameras = cameras.to_vec();
        note.envelopes.clone_from(envelopes);
        if age_ms > STALE_AFTER_MS {
            note.state = PressState::Message;
        }
        insert(&mut held, note);
        Ok(None)
    }

    /// Durable in the store or in the spool. A press goes on without either.
    async fn record_press(
        &self,
        trigger: &Trigger,
        premises: PremisesId,
        actor: Actor,
        asked: Option<(&[CameraId], &Envelopes)>,
    ) {
        let TriggerKind::Press(ref press) = trigger.kind else {
            return;
        };
        let detail = json!({
            "press": super::uuid(trigger.id.0), "madeAtMs": trigger.made_at.0, "level": LevelText::from(press.level),
            "silent": press.silent, "drill": press.drill, "button": press.at == PressedAt::Button,
            "cameras": press.cameras.iter().map(|camera| camera.get()).collect::<Vec<_>>(),
            "cameraIds": asked.map(|(cameras, _)| cameras).unwrap_or_default(),
            "envelopes": asked.map_or_else(|| json!({}), |(_, envelopes)| on_record(envelopes)),
        });
        let event = Event::new(Class::Press, actor)
            .premises(premises)
            .detail(detail);
        if let Err(error) = self.audit.append_or_spool(event).await {
            tracing::error!(%error, premises.id = %premises, "press could not be recorded; the device's own receipt has to do");
        }
    }
}

fn note_of(
    trigger: &Trigger,
    press: &consent::Press,
    premises: PremisesId,
    now: OffsetDateTime,
) -> PressNote {
    PressNote {
        id: trigger.id,
        premises,
        level: press.level,
        silent: press.silent,
        drill: press.drill,
        at: press.at,
        by: None,
        by_name: None,
        note: press.note.as_str().to_owned(),
        cameras: Vec::new(),
        envelopes: Envelopes::new(),
        state: PressState::Received,
        refusal: None,
        received_at: now,
        opened_at: None,
        on_wall_at: None,
        acknowledged: None,
    }
}

fn insert(held: &mut Held, note: PressNote) {
    if held.presses.len() >= MOST_PRESSES
        && let Some(oldest) = held
            .presses
            .values()
            .min_by_key(|press| press.received_at)
            .map(|press| press.id)
    {
        held.presses.remove(&oldest);
    }
    let id: TriggerId = note.id;
    held.presses.insert(id, note);
    held.dirty_press(id);
}
