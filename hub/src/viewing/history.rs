//! The viewings' rows: written whole, read by the owners of the cameras, newest first.

use std::collections::VecDeque;

use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{Any, Row as _, Transaction};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Viewing;
use super::note::{MOST_RECENT, View};
use super::page::ViewingShown;
use crate::error::{Error, Result};
use crate::identity::Person;
use crate::world::{
    AgencyId, CameraId, IncidentId, PersonId, PremisesId, ViewingId, World, from_millis, millis,
};

/// Viewings a page of the history.
const A_PAGE: i64 = 50;

/// One page of `GET /api/viewings`.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ViewingPage {
    pub viewings: Vec<ViewingShown>,
    /// For the next page; null: there are no older ones.
    pub cursor: Option<String>,
}

impl Viewing {
    /// Recorded views of the owner's cameras, newest first, from the store.
    pub async fn history(&self, person: &Person, cursor: Option<&str>) -> Result<ViewingPage> {
        let (before, before_id) = match cursor {
            Some(cursor) => {
                parse(cursor).ok_or_else(|| Error::invalid("This cursor is not one of ours."))?
            }
            None => (i64::MAX, String::new()),
        };
        let mut views = Vec::new();
        for premises in &person.premises {
            let rows = sqlx::query(
                "SELECT * FROM viewing WHERE premises_id = $1 AND (started_at < $2 OR (started_at = $2 AND id < $3)) \
                 ORDER BY started_at DESC, id DESC LIMIT $4",
            )
            .bind(premises.to_string())
            .bind(before)
            .bind(before_id.clone())
            .bind(A_PAGE + 1)
            .fetch_all(self.world.store.pool())
            .await?;
            for row in &rows {
                views.push(view_of(row)?);
            }
        }
        views.sort_by_key(|view| std::cmp::Reverse((view.started_at, view.id.0.to_string())));
        let page = usize::try_from(A_PAGE).unwrap_or(usize::MAX);
        let more = views.len() > page;
        views.truncate(page);
        let cursor = views
            .last()
            .filter(|_| more)
            .map(|last| format!("{}_{}", millis(last.started_at), last.id));
        Ok(ViewingPage {
            viewings: views.iter().map(ViewingShown::of).collect(),
            cursor,
        })
    }
}

fn parse(cursor: &str) -> Option<(i64, String)> {
    let (at, id) = cursor.split_once('_')?;
    Some((at.parse().ok()?, Uuid::try_parse(id).ok()?.to_string()))
}

/// At start: whatever has no end ended with the hub that ran before.
pub(super) async fn end_all(world: &World) -> Result<()> {
    sqlx::query("UPDATE viewing SET ended_at = $1 WHERE ended_at IS NULL")
        .bind(millis(world.clock.now()))
        .execute(world.store.pool())
        .await?;
    Ok(())
}

/// The newest viewings, oldest of them first.
pub(super) async fn recent(world: &World) -> Result<VecDeque<View>> {
    let rows = sqlx::query("SELECT * FROM viewing ORDER BY started_at DESC, id DESC LIMIT $1")
        .bind(i64::try_from(MOST_RECENT).unwrap_or(i64::MAX))
        .fetch_all(world.store.pool())
        .await?;
    rows.iter().rev().map(view_of).collect()
}

pub(super) async fn put(tx: &mut Transaction<'_, Any>, view: &View) -> Result<()> {
    sqlx::query(
        "INSERT INTO viewing (id, camera_id, camera_name, premises_id, person_id, badge, agency_id, agency_name, reason, incident_id, receipt_id, started_at, first_frame_at, ended_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
         ON CONFLICT (id) DO UPDATE SET first_frame_at = excluded.first_frame_at, ended_at = excluded.ended_at",
    )
    .bind(view.id.to_string())
    .bind(view.camera.to_string())
    .bind(view.camera_name.clone())
    .bind(view.premises.to_string())
    .bind(view.person.to_string())
    .bind(view.badge.clone())
    .bind(view.agency.to_string())
    .bind(view.agency_name.clone())
    .bind(view.reason.clone())
    .bind(view.incident.map(|id| id.to_string()))
    .bind(view.receipt.to_string())
    .bind(millis(view.started_at))
    .bind(view.first_frame_at.map(millis))
    .bind(view.ended_at.map(millis))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn view_of(row: &AnyRow) -> Result<View> {
    let broken = || Error::internal("a row of the viewings cannot be read");
    let time = |column: &str| -> Result<Option<OffsetDateTime>> {
        Ok(row.try_get::<Option<i64>, _>(column)?.map(from_millis))
    };
    Ok(View {
        id: ViewingId::parse(row.try_get("id")?).ok_or_else(broken)?,
        camera: CameraId::parse(row.try_get("camera_id")?).ok_or_else(broken)?,
        camera_name: row.try_get("camera_name")?,
        premises: PremisesId::parse(row.try_get("premises_id")?).ok_or_else(broken)?,
        person: PersonId::parse(row.try_get("person_id")?).ok_or_else(broken)?,
        badge: row.try_get("badge")?,
        agency: AgencyId::parse(row.try_get("agency_id")?).ok_or_else(broken)?,
        agency_name: row.try_get("agency_name")?,
        reason: row.try_get("reason")?,
        incident: row
            .try_get::<Option<&str>, _>("incident_id")?
            .and_then(IncidentId::parse),
        receipt: Uuid::try_parse(row.try_get("receipt_id")?).map_err(Error::internal)?,
        started_at: time("started_at")?.ok_or_else(broken)?,
        first_frame_at: time("first_frame_at")?,
        ended_at: time("ended_at")?,
    })
}
