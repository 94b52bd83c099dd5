//! Reading the record back, for one purpose: a slice that was killed before it wrote its own rows finds
//! here what it had promised. Reading for people does not belong here.

use serde_json::Value;
use sqlx::Row as _;
use sqlx::any::AnyRow;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Audit, Class};
use crate::error::{Error, Result};
use crate::world::{AgencyId, CameraId, PersonId, PremisesId, from_millis, millis};

/// Records of one page; some hundred bytes each.
const A_PAGE: i64 = 1_000;

/// Something that a person did at premises, as it stands on record.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub id: Uuid,
    pub at: OffsetDateTime,
    pub by: PersonId,
    pub premises: PremisesId,
    pub camera: Option<CameraId>,
    pub agency: Option<AgencyId>,
    pub detail: Value,
}

impl Audit {
    /// What people did of this class since then, oldest first.
    pub async fn recorded(&self, class: Class, since: OffsetDateTime) -> Result<Vec<Recorded>> {
        let rows = sqlx::query(
            "SELECT id, at, actor_id, premises, camera, agency, detail FROM audit_event \
             WHERE at > $1 AND class = $2 AND actor_kind = 'person' AND premises IS NOT NULL ORDER BY at, id",
        )
        .bind(millis(since))
        .bind(class.name())
        .fetch_all(self.world.store.pool())
        .await?;
        rows.iter().map(recorded).collect()
    }

    /// What people did of this class, newest first: a page of what lies before `newer`, empty at the end.
    pub async fn recorded_before(
        &self,
        class: Class,
        newer: Option<&Recorded>,
    ) -> Result<Vec<Recorded>> {
        let (at, id) = newer.map_or((i64::MAX, String::new()), |newer| {
            (millis(newer.at), newer.id.to_string())
        });
        let rows = sqlx::query(
            "SELECT id, at, actor_id, premises, camera, agency, detail FROM audit_event \
             WHERE (at < $1 OR (at = $1 AND id < $2)) AND class = $3 AND actor_kind = 'person' AND premises IS NOT NULL \
             ORDER BY at DESC, id DESC LIMIT $4",
        )
        .bind(at)
        .bind(id)
        .bind(class.name())
        .bind(A_PAGE)
        .fetch_all(self.world.store.pool())
        .await?;
        rows.iter().map(recorded).collect()
    }
}

fn recorded(row: &AnyRow) -> Result<Recorded> {
    let broken = || Error::internal("a record cannot be read");
    Ok(Recorded {
        id: Uuid::try_parse(row.try_get("id")?).map_err(Error::internal)?,
        at: from_millis(row.try_get("at")?),
        by: PersonId::parse(row.try_get("actor_id")?).ok_or_else(broken)?,
        premises: PremisesId::parse(row.try_get("premises")?).ok_or_else(broken)?,
        camera: row
            .try_get::<Option<&str>, _>("camera")?
            .and_then(CameraId::parse),
        agency: row
            .try_get::<Option<&str>, _>("agency")?
            .and_then(AgencyId::parse),
        detail: serde_json::from_str(row.try_get("detail")?).map_err(Error::internal)?,
    })
}
