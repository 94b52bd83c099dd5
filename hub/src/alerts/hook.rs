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
    /// Takes a signed alert: the policies answer, then operators see it with the answer, and without one
    /// where it could not be put to them. The source is then told to send it again.
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
        let message = headers
            .get("webhook-id")
            .map(http::HeaderValue::as_bytes)
            .unwrap_or_default();
        let alert_id = digest(b"assent hook alert\0", source.as_bytes(), message);
        let raised = self.understood(alert_id, agency, source, body)?;
        // A source that sends it again must not open again what was cleared.
        if self.incidents.is_over(alert_id) {
            return Ok(HookTaken { alert_id });
        }
        let (answer, problem) = self.put_to(&raised).await;
        self.raise_hook(&raised, answer);
        self.written().await;
        problem.map_or(Ok(HookTaken { alert_id }), Err)
    }

    /// Whatever cannot be an alert is refused here, so that nothing after this can keep it from operators.
    fn understood(
        &self,
        alert: Uuid,
        agency: AgencyId,
        source: &str,
        body: HookBody,
    ) -> Result<Raised> {
        let bad = |_| Error::invalid("The alert's kind has 1 to 64 characters.");
        let kind = consent::AlertKind::new(body.kind).map_err(bad)?;
        let unnamed = |_| Error::internal("an agency or a source of alerts has a name too long");
        if body
            .note
            .as_ref()
            .is_some_and(|note| note.len() > AlertWords::MOST_BYTES)
        {
            return Err(Error::invalid("The note is longer than 280 bytes."));
        }
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
        Ok(Raised {
            alert,
            proposal: consent::Alert {
                kind,
                agency: consent::AgencyId::new(agency.to_string()).map_err(unnamed)?,
                distance_m: 0,
                source: consent::AlertSource::new(source).map_err(unnamed)?,
            },
            at: body.at,
            // A detector's note is cleaned, not refused: the alert counts.
            note: body.note.map(|note| AlertWords::cleaned(&note)),
            place,
            near,
        })
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

    /// Asks every premises, and gives the strongest answer; what is wrong at one of them keeps it from no
    /// other. The last problem comes back, because the source may send the alert again.
    async fn put_to(&self, raised: &Raised) -> (AlertAnswer, Option<Error>) {
        let (mut answer, mut problem) = (AlertAnswer::Nothing, None);
        for (premises, trigger) in raised.triggers() {
            let age_ms = self.age_of(raised);
            if age_ms > STALE_AFTER_MS {
                break;
            }
            match self
                .sharing
                .alert(premises, trigger, age_ms, raised.place)
                .await
            {
                Ok(one) => answer = answer.max(one),
                Err(error) => {
                    tracing::error!(alert.id = %raised.alert, premises.id = %premises, %error, "an alert could not be put to the owner's policy; operators are told of it without an answer");
                    problem = Some(error);
                }
            }
        }
        (answer, problem)
    }

    fn raise_hook(&self, raised: &Raised, answer: AlertAnswer) {
        let Some((primary, _)) = raised.near.first() else {
            return;
        };
        let incident = self.incidents.raise(NewAlert {
            id: raised.alert,
            premises: primary.id,
            kind: AlertKind::from_hook(raised.proposal.kind.as_str()),
            level: Some(Level::Alert),
            drill: false,
            silent: false,
            age_ms: self.age_of(raised),
            by: Some(raised.proposal.source.as_str().to_owned()),
            note: raised.note.clone(),
            place: raised.place,
            answer,
        });
        for (_, trigger) in raised.triggers() {
            self.sharing
                .belongs_to(Uuid::from_bytes(trigger.id.0), incident);
        }
    }

    fn age_of(&self, raised: &Raised) -> u64 {
        u64::try_from(millis(self.world.clock.now()) - millis(raised.at)).unwrap_or(0)
    }
}

/// An alert that was admitted and understood, with the premises that it is put to.
struct Raised {
    alert: Uuid,
    /// As where it fired; elsewhere with the distance.
    proposal: consent::Alert,
    at: OffsetDateTime,
    note: Option<AlertWords>,
    place: Option<Place>,
    near: Vec<(Arc<Premises>, u32)>,
}

impl Raised {
    /// What each premises' policy is asked.
    fn triggers(&self) -> impl Iterator<Item = (PremisesId, Trigger)> {
        let mut first = true;
        self.near.iter().map(move |(premises, distance_m)| {
            let id = if std::mem::take(&mut first) {
                self.alert
            } else {
                neighbour(self.alert, premises.id)
            };
            let proposal = consent::Alert {
                distance_m: *distance_m,
                ..self.proposal.clone()
            };
            let trigger = Trigger {
                id: TriggerId(*id.as_bytes()),
                made_at: WallTime(millis(self.at)),
                kind: TriggerKind::Alert(proposal),
            };
            (premises.id, trigger)
        })
    }
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

/// Where it fired, or nearest to that, the trigger has the alert's own id; each of the others, also one in
/// the same house, has one of its own, because each owner is asked and answers alone.
fn neighbour(alert: Uuid, premises: PremisesId) -> Uuid {
    digest(
        b"assent hook neighbour\0",
        alert.as_bytes(),
        premises.0.as_bytes(),
    )
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::world::Private;

    fn premises(key: &str) -> Arc<Premises> {
        Arc::new(Premises {
            id: PremisesId::of_key(key),
            agency: AgencyId::of_key("pd"),
            kind: crate::registry::Kind::Business,
            name: key.to_owned(),
            address: Private::new("12 Elm Street".to_owned()),
            call_back: None,
            keyholder: None,
            place: None,
        })
    }

    #[test]
    fn two_shops_in_one_house_are_asked_each_for_itself() {
        let raised = Raised {
            alert: Uuid::from_u128(1),
            proposal: consent::Alert {
                kind: consent::AlertKind::new("gunshot").unwrap(),
                agency: consent::AgencyId::new("pd").unwrap(),
                distance_m: 0,
                source: consent::AlertSource::new("detector").unwrap(),
            },
            at: OffsetDateTime::UNIX_EPOCH,
            note: None,
            place: None,
            near: vec![(premises("baker"), 0), (premises("jeweller"), 0)],
        };
        let ids: Vec<_> = raised.triggers().map(|(_, trigger)| trigger.id).collect();
        assert_eq!(ids[0], TriggerId(*raised.alert.as_bytes()));
        assert_ne!(ids[0], ids[1]);
        let again = raised.triggers().map(|(_, trigger)| trigger.id);
        assert_eq!(again.collect::<Vec<_>>(), ids, "sent again it is the same");
    }
}
