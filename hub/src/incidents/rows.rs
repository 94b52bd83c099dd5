//! The rows of incidents and their alerts.

use sqlx::any::AnyRow;
use sqlx::{Any, Row as _, Transaction};
use time::Duration;
use uuid::Uuid;

use super::Held;
use super::note::{Acknowledged, AlertKind, AlertNote, Cleared, IncidentNote, Level};
use crate::error::{Error, Result};
use crate::registry::Place;
use crate::sharing::AlertAnswer;
use crate::world::{IncidentId, PersonId, PremisesId, World, from_millis, millis};

/// Cleared incidents are kept in memory this long.
pub(super) const REMEMBERED: Duration = Duration::DAY;

type Tx<'a> = Transaction<'a, Any>;

pub(super) async fn held(world: &World) -> Result<Held> {
    let since = millis(world.clock.now() - REMEMBERED);
    let mut held = Held::default();
    let incidents =
        sqlx::query("SELECT * FROM incident WHERE cleared_at IS NULL OR cleared_at > $1")
            .bind(since)
            .fetch_all(world.store.pool())
            .await?;
    for row in &incidents {
        let incident = incident_of(row)?;
        held.incidents.insert(incident.id, incident);
    }
    let alerts = sqlx::query(
        "SELECT alert.* FROM alert JOIN incident ON incident.id = alert.incident_id WHERE incident.cleared_at IS NULL OR incident.cleared_at > $1",
    )
    .bind(since)
    .fetch_all(world.store.pool())
    .await?;
    for row in &alerts {
        let alert = alert_of(row)?;
        held.alerts.insert(alert.id, alert);
    }
    Ok(held)
}

fn incident_of(row: &AnyRow) -> Result<IncidentNote> {
    let cleared_at = row
        .try_get::<Option<i64>, _>("cleared_at")?
        .map(from_millis);
    let cleared_by = row
        .try_get::<Option<&str>, _>("cleared_by")?
        .and_then(PersonId::parse);
    let note = row.try_get("clear_note")?;
    Ok(IncidentNote {
        id: IncidentId::parse(row.try_get("id")?).ok_or_else(broken)?,
        premises: PremisesId::parse(row.try_get("premises_id")?).ok_or_else(broken)?,
        level: Level::parse(row.try_get("level")?).ok_or_else(broken)?,
        drill: row.try_get::<i64, _>("drill")? != 0,
        silent: row.try_get::<i64, _>("silent")? != 0,
        opened_at: from_millis(row.try_get("opened_at")?),
        cleared: cleared_at
            .zip(cleared_by)
            .map(|(at, by)| Cleared { at, by, note }),
    })
}

fn alert_of(row: &AnyRow) -> Result<AlertNote> {
    let place = match (
        row.try_get::<Option<f64>, _>("lat")?,
        row.try_get::<Option<f64>, _>("lon")?,
    ) {
        (Some(lat), Some(lon)) => Place::new(lat, lon),
        _ => None,
    };
    let badge: Option<String> = row.try_get("ack_badge")?;
    let by = row
        .try_get::<Option<&str>, _>("ack_by")?
        .and_then(PersonId::parse);
    let at = row.try_get::<Option<i64>, _>("ack_at")?.map(from_millis);
    Ok(AlertNote {
        id: Uuid::try_parse(row.try_get("id")?).map_err(Error::internal)?,
        incident: IncidentId::parse(row.try_get("incident_id")?).ok_or_else(broken)?,
        kind: AlertKind::parse(row.try_get("kind")?),
        raised_at: from_millis(row.try_get("raised_at")?),
        age_ms: u64::try_from(row.try_get::<i64, _>("age_ms")?).unwrap_or(0),
        by: row.try_get("by_name")?,
        note: row.try_get("note")?,
        place,
        answer: answer_of(row.try_get("answer")?),
        acknowledged: badge
            .zip(by)
            .zip(at)
            .map(|((badge, by), at)| Acknowledged { badge, by, at }),
    })
}

pub(super) async fn put_incident(tx: &mut Tx<'_>, incident: &IncidentNote) -> Result<()> {
    sqlx::query(
        "INSERT INTO incident (id, premises_id, level, drill, silent, opened_at, cleared_at, cleared_by, clear_note) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO UPDATE SET level = excluded.level, silent = excluded.silent, \
         cleared_at = excluded.cleared_at, cleared_by = excluded.cleared_by, clear_note = excluded.clear_note",
    )
    .bind(incident.id.to_string())
    .bind(incident.premises.to_string())
    .bind(incident.level.name())
    .bind(i64::from(incident.drill))
    .bind(i64::from(incident.silent))
    .bind(millis(incident.opened_at))
    .bind(incident.cleared.as_ref().map(|cleared| millis(cleared.at)))
    .bind(incident.cleared.as_ref().map(|cleared| cleared.by.to_string()))
    .bind(incident.cleared.as_ref().and_then(|cleared| cleared.note.clone()))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn put_alert(tx: &mut Tx<'_>, alert: &AlertNote) -> Result<()> {
    sqlx::query(
        "INSERT INTO alert (id, incident_id, kind, raised_at, age_ms, by_name, note, lat, lon, answer, ack_badge, ack_by, ack_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (id) DO UPDATE SET \
         answer = excluded.answer, ack_badge = excluded.ack_badge, ack_by = excluded.ack_by, ack_at = excluded.ack_at",
    )
    .bind(alert.id.to_string())
    .bind(alert.incident.to_string())
    .bind(alert.kind.name().to_owned())
    .bind(millis(alert.raised_at))
    .bind(i64::try_from(alert.age_ms).unwrap_or(i64::MAX))
    .bind(alert.by.clone())
    .bind(alert.note.clone())
    .bind(alert.place.map(|place| place.lat))
    .bind(alert.place.map(|place| place.lon))
    .bind(answer_name(alert.answer))
    .bind(alert.acknowledged.as_ref().map(|ack| ack.badge.clone()))
    .bind(alert.acknowledged.as_ref().map(|ack| ack.by.to_string()))
    .bind(alert.acknowledged.as_ref().map(|ack| millis(ack.at)))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn answer_name(answer: AlertAnswer) -> &'static str {
    match answer {
        AlertAnswer::Cancelled => "cancelled",
        AlertAnswer::Nothing => "nothing",
        AlertAnswer::Asked => "asked",
        AlertAnswer::Opened => "opened",
    }
}

fn answer_of(text: &str) -> AlertAnswer {
    let all = [
        AlertAnswer::Opened,
        AlertAnswer::Asked,
        AlertAnswer::Cancelled,
    ];
    all.into_iter()
        .find(|answer| answer_name(*answer) == text)
        .unwrap_or(AlertAnswer::Nothing)
}

fn broken() -> Error {
    Error::internal("a row of the incidents cannot be read")
}
