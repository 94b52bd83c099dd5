//! Views that the record knows and the owners' table does not. A view is shown once its record is durable,
//! and a store that is full or slow takes the row later; a hub that is killed in between leaves a record
//! alone. The next hub makes the row from it, before an owner asks.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use sqlx::Row as _;
use time::Duration;
use uuid::Uuid;

use super::note::View;
use super::tiles;
use crate::audit::{Audit, Class, Recorded};
use crate::error::{Error, Result};
use crate::registry::Registry;
use crate::sharing::Cause;
use crate::world::{IncidentId, ViewingId, World, from_millis, millis};

/// Longer than a hub is left running on a store that takes nothing. Rows of views before that were written
/// while it still did, or by the hubs since.
const LOOKED_BACK: Duration = Duration::days(7);

/// What `tiles` writes when a view begins.
#[derive(Deserialize)]
struct Began {
    viewing: ViewingId,
    cause: Cause,
    badge: String,
    incident: Option<IncidentId>,
}

/// What `note` writes when a view is over.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ended {
    viewing: ViewingId,
    first_frame_ms: Option<i64>,
}

/// Called once, before anything is shown. Gives how many views had no row.
pub(super) async fn recover(world: &World, audit: &Audit, registry: &Registry) -> Result<usize> {
    let mut ends = Ends::default();
    let (mut made, mut newest, mut last) = (0, None, None::<Recorded>);
    loop {
        let page = audit
            .recorded_before(Class::ViewingStarted, last.as_ref())
            .await?;
        let (Some(first), Some(oldest)) = (page.first(), page.last()) else {
            break;
        };
        let since = *newest.get_or_insert(first.at) - LOOKED_BACK;
        let known = rows_between(world, oldest, first).await?;
        let missing = page.iter().filter(|began| !known.contains(&began.id));
        let views: Vec<View> = missing
            .filter_map(|began| view_of(began, registry))
            .collect();
        made += views.len();
        if !views.is_empty() {
            ends.read_back_to(audit, oldest).await?;
            let views: Vec<View> = views.into_iter().map(|view| ends.applied(view)).collect();
            world.store.put_all(&views).await?;
        }
        last = Some(oldest.clone()).filter(|oldest| oldest.at >= since);
        if last.is_none() {
            break;
        }
    }
    Ok(made)
}

/// The records that the rows of this time were made from. A row's time is its record's.
async fn rows_between(
    world: &World,
    oldest: &Recorded,
    newest: &Recorded,
) -> Result<BTreeSet<Uuid>> {
    let rows =
        sqlx::query("SELECT receipt_id FROM viewing WHERE started_at >= $1 AND started_at <= $2")
            .bind(millis(oldest.at))
            .bind(millis(newest.at))
            .fetch_all(world.store.pool())
            .await?;
    let receipt = |row: &sqlx::any::AnyRow| {
        Uuid::try_parse(row.try_get("receipt_id")?).map_err(Error::internal)
    };
    rows.iter().map(receipt).collect()
}

fn view_of(began: &Recorded, registry: &Registry) -> Option<View> {
    let detail = Began::deserialize(&began.detail).ok()?;
    let (camera, agency) = began.camera.zip(began.agency)?;
    Some(View {
        id: detail.viewing,
        camera,
        camera_name: registry
            .camera(camera)
            .map_or_else(String::new, |camera| camera.name.clone()),
        premises: began.premises,
        person: began.by,
        badge: detail.badge,
        agency,
        agency_name: registry
            .agency(agency)
            .map_or_else(String::new, |agency| agency.name.clone()),
        reason: tiles::reason(detail.cause).to_owned(),
        incident: detail.incident,
        receipt: began.id,
        started_at: began.at,
        first_frame_at: None,
        ended_at: None,
    })
}

/// The records of ends, read as far back as is needed.
#[derive(Default)]
struct Ends {
    read: BTreeMap<ViewingId, (Ended, time::OffsetDateTime)>,
    last: Option<Recorded>,
}

impl Ends {
    async fn read_back_to(&mut self, audit: &Audit, oldest: &Recorded) -> Result<()> {
        while self.last.as_ref().is_none_or(|last| last.at >= oldest.at) {
            let page = audit
                .recorded_before(Class::ViewingEnded, self.last.as_ref())
                .await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            self.last = Some(last.clone());
            for record in page {
                if let Ok(ended) = Ended::deserialize(&record.detail) {
                    self.read.insert(ended.viewing, (ended, record.at));
                }
            }
        }
        Ok(())
    }

    /// Without a record of its end it ended with the hub, which `history::end_all` writes.
    fn applied(&self, mut view: View) -> View {
        if let Some((ended, at)) = self.read.get(&view.id) {
            view.ended_at = Some(*at);
            view.first_frame_at = ended.first_frame_ms.map(from_millis);
        }
        view
    }
}
