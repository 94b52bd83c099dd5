//! Reading the record back, for one purpose: a slice that was killed before it wrote its own rows finds
//! here what it had promised. Reading for people does not belong here.

use serde_json::Value;
use sqlx::Row as _;
use sqlx::any::AnyRow;
use time::OffsetDateTime;

use super::{Audit, Class};
use crate::error::{Error, Result};
use crate::world::{PersonId, PremisesId, from_millis, millis};

/// Something that a person did at premises, as it stands on record.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub at: OffsetDateTime,
    pub by: PersonId,
    pub premises: PremisesId,
    pub detail: Value,
}

impl Audit {
    /// What people did of this class since then, oldest first.
    pub async fn recorded(&self, class: Class, since: OffsetDateTime) -> Result<Vec<Recorded>> {
        let rows = sqlx::query(
            "SELECT at, actor_id, premises, detail FROM audit_event \
             WHERE at > $1 AND class = $2 AND actor_kind = 'person' AND premises IS NOT NULL ORDER BY at, id",
        )
        .bind(millis(since))
        .bind(class.name())
        .fetch_all(self.world.store.pool())
        .await?;
        rows.iter().map(recorded).collect()
    }
}

fn recorded(row: &AnyRow) -> Result<Recorded> {
    let broken = || Error::internal("a record cannot be read");
    Ok(Recorded {
        at: from_millis(row.try_get("at")?),
        by: PersonId::parse(row.try_get("actor_id")?).ok_or_else(broken)?,
        premises: PremisesId::parse(row.try_get("premises")?).ok_or_else(broken)?,
        detail: serde_json::from_str(row.try_get("detail")?).map_err(Error::internal)?,
    })
}
