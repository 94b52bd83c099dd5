//! Alerts by webhook (Standard Webhooks 1.0): a gunshot detector or an alarm panel says kind, place and
//! time, signed with the source's own secret. The message's id makes it the same alert when it is sent
//! again.

use std::collections::BTreeMap;
use std::sync::Arc;

use assent_consent as consent;
use consent::{STALE_AFTER_MS, Trigger, TriggerId, TriggerKind, WallTime};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use standardwebhooks::Webhook;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Alerts;
use crate::config::Hook;
use crate::error::{Error, Kind, Result};
use crate::incidents::{AlertKind, AlertWords, Level, NewAlert};
use crate::registry::{Place, Premises};
use crate::sharing::AlertAnswer;
use crate::world::{AgencyId, PremisesId, millis};

/// Rules name distances of some hundred metres; beyond this no premises is asked.
const FARTHEST_METRES: f64 = 5_000.0;
/// Premises that one alert is put to, nearest first.
const MOST_PREMISES: usize = 50;
const LONGEST_NOTE: usize = 280;

/// The sources that may post, by the last part of their address.
#[derive(Clone)]
pub struct Hooks(Arc<BTreeMap<String, Source>>);

struct Source {
    webhook: Webhook,
    agency: AgencyId,
}

/// Body of `POST /api/hooks/{source}`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HookBody {
    /// "gunshot", "alarm-panel", …: what the owners' rules name.
    pub kind: String,
    /// The premises where it fired. Missing: those nearest to the place.
    #[serde(default)]
    pub premises_id: Option<Uuid>,
    /// When it fired, RFC 3339.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub at: OffsetDateTime,
    #[serde(default)]
    pub place: Option<HookPlace>,
    #[serde(default)]
    pub note: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HookPlace {
    pub lat: f64,
    pub lon: f64,
}

/// What came of an alert. A source is not told what owners answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HookTaken {
    pub alert_id: Uuid,
}

impl Hooks {
    pub(super) fn read(hooks: &[Hook]) -> Result<Self> {
        let source = |hook: &Hook| {
            let unusable = |e: Box<dyn std::error::Error + Send + Sync>| {
                Error::invalid(format!("The secret of the hook {} cannot be used: secret_file must hold one line, whsec_ and base64.", hook.name)).because(e)
            };
            let secret =
                std::fs::read_to_string(&hook.secret_file).map_err(|e| unusable(e.into()))?;
            let webhook = Webhook::new(secret.trim()).map_err(|e| unusable(e.into()))?;
            Ok((
                hook.name.clone(),
                Source {
                    webhook,
                    agency: hook.agency,
                },
            ))
        };
        hooks
            .iter()
            .map(source)
            .collect::<Result<_>>()
            .map(|sources| Self(Arc::new(sources)))
    }

    /// Whose alert this is, if it is signed by the source that it is posted for.
    fn admit(&self, source: &str, headers: &http::HeaderMap, body: &[u8]) -> Result<AgencyId> {
        let known = self
            .0
            .get(source)
            .ok_or_else(|| Error::not_found("There is no such source of alerts."))?;
        known.webhook.verify(body, headers).map_err(|e| {
            Error::new(Kind::SignedOut, "The signature does not fit this source, or the message is more than five minutes old.")
                .slug("bad-signature")
                .because(e)
        })?;
        Ok(known.agency)
    }
}

impl Alerts {
    /// Takes a signed alert: the policies answer, then operators see it with the answer.
    pub async fn hook(
        &self,
        source: &str,
        headers: &http::HeaderMap,
        body: &[u8],
    ) -> Result<HookTaken> {
        let agency = self.hooks.admit(source, headers, body)?;
        let body: HookBody = serde_json::from_slice(body).map_err(|e| {
            Error::invalid(format!("The alert cannot be understood: {e}.")).slug("malformed-body")
        })?;
        if body
            .note
            .as_ref()
            .is_some_and(|note| note.len() > LONGEST_NOTE)
        {
            return Err(Error::invalid("The note is longer than 280 bytes."));
        }
        let message = headers
            .get("webhook-id")
            .map(http::HeaderValue::as_bytes)
            .unwrap_or_default();
        let place = body.place.map(|place| {
            Place::new(place.lat, place.lon)
                .ok_or_else(|| Error::invalid("The place is not on the globe."))
        });
        let place = place.transpose()?;
        let near = self.premises_near(agency, body.premises_id.map(PremisesId), place)?;
        if near.is_empty() {
            return Err(
                Error::not_found("No premises are known at or near this place.")
                    .slug("unknown-place"),
            );
        }
        let age_ms = u64::try_from(millis(self.world.clock.now()) - millis(body.at)).unwrap_or(0);
        let raised = Raised {
            alert: digest(b"assent hook alert\0", source.as_bytes(), message),
            agency,
            source,
            body,
            place,
            near,
            age_ms,
        };
        let answer = self.put_to(&raised).await?;
        let alert_id = raised.alert;
        self.raise_hook(raised, answer);
        self.written().await;
        Ok(HookTaken { alert_id })
    }

    /// The premises that are asked, with their distance in metres: first where it fired, then the nearest.
    fn premises_near(
        &self,
        agency: AgencyId,
        at: Option<PremisesId>,
        place: Option<Place>,
    ) -> Result<Vec<(Arc<Premises>, u32)>> {
        let own = self
            .registry
            .all_premises()
            .into_iter()
            .filter(|premises| premises.agency == agency);
        let (here, others): (Vec<_>, Vec<_>) = own.partition(|premises| Some(premises.id) == at);
        if at.is_some() && here.is_empty() {
            return Err(
                Error::not_found("These premises are not known here.").slug("unknown-premises")
            );
        }
        let place = place.or_else(|| here.first().and_then(|premises| premises.place));
        let mut near: Vec<(Arc<Premises>, u32)> = others
            .into_iter()
            .filter_map(|premises| within(place?, premises))
            .collect();
        near.sort_by_key(|(premises, metres)| (*metres, premises.id));
        let here = here.into_iter().map(|premises| (premises, 0));
        Ok(here.chain(near).take(MOST_PREMISES).collect())
    }

    async fn put_to(&self, raised: &Raised<'_>) -> Result<AlertAnswer> {
        let Raised {
            alert,
            agency,
            source,
            body,
            near,
            age_ms,
            ..
        } = raised;
        let bad = |_| Error::invalid("The alert's kind has 1 to 64 characters.");
        let kind = consent::AlertKind::new(body.kind.clone()).map_err(bad)?;
        if *age_ms > STALE_AFTER_MS {
            return Ok(AlertAnswer::Nothing);
        }
        let mut answer = AlertAnswer::Nothing;
        for (premises, distance_m) in near {
            let proposal = consent::Alert {
                kind: kind.clone(),
                agency: consent::AgencyId::new(agency.to_string()).map_err(bad)?,
                distance_m: *distance_m,
                source: consent::AlertSource::new(*source).map_err(bad)?,
            };
            let id = TriggerId(*trigger_at(*alert, premises.id, *distance_m).as_bytes());
            let trigger = Trigger {
                id,
                made_at: WallTime(millis(body.at)),
                kind: TriggerKind::Alert(proposal),
            };
            answer = answer.max(self.sharing.alert(premises.id, trigger, *age_ms).await?);
        }
        Ok(answer)
    }

    fn raise_hook(&self, raised: Raised<'_>, answer: AlertAnswer) {
        let Some((primary, _)) = raised.near.first() else {
            return;
        };
        let incident = self.incidents.raise(NewAlert {
            id: raised.alert,
            premises: primary.id,
            kind: AlertKind::from_hook(&raised.body.kind),
            level: Some(Level::Alert),
            drill: false,
            silent: false,
            age_ms: raised.age_ms,
            by: Some(raised.source.to_owned()),
            note: raised.body.note.as_deref().map(AlertWords::cleaned),
            place: raised.place,
            answer,
        });
        for (premises, distance_m) in &raised.near {
            self.sharing
                .belongs_to(trigger_at(raised.alert, premises.id, *distance_m), incident);
        }
    }
}

/// An alert that was admitted and understood, with the premises that it is put to.
struct Raised<'a> {
    alert: Uuid,
    agency: AgencyId,
    source: &'a str,
    body: HookBody,
    place: Option<Place>,
    near: Vec<(Arc<Premises>, u32)>,
    age_ms: u64,
}

fn within(place: Place, premises: Arc<Premises>) -> Option<(Arc<Premises>, u32)> {
    let metres = premises.place?.metres_to(place);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 5,000"
    )]
    (metres <= FARTHEST_METRES).then(|| (premises, metres.ceil() as u32))
}

/// Where it fired the trigger has the alert's own id, so that the owner's answer finds it; each of the
/// neighbours has one of its own.
fn trigger_at(alert: Uuid, premises: PremisesId, distance_m: u32) -> Uuid {
    if distance_m == 0 {
        alert
    } else {
        digest(
            b"assent hook neighbour\0",
            alert.as_bytes(),
            premises.0.as_bytes(),
        )
    }
}

fn digest(domain: &[u8], one: &[u8], other: &[u8]) -> Uuid {
    let digest = Sha256::new()
        .chain_update(domain)
        .chain_update((one.len() as u64).to_be_bytes())
        .chain_update(one)
        .chain_update(other)
        .finalize();
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    Uuid::from_bytes(id)
}
