//! The devices' rows. Claim codes have theirs in `enrol`.

use std::collections::BTreeMap;
use std::sync::Arc;

use assent_consent::StandingPolicy;
use assent_wire::Canonical;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{Consent, Known};
use crate::error::{Error, Result};
use crate::world::{DeviceId, PremisesId, Store, World, from_millis, millis};

pub(super) async fn all(store: &Store) -> Result<BTreeMap<DeviceId, Known>> {
    let rows = sqlx::query(
        "SELECT id, premises_id, name, last_seen_at, policy, revoked_at, paired, epoch FROM device",
    )
    .fetch_all(store.pool())
    .await?;
    rows.iter().map(known_of).collect()
}

fn known_of(row: &AnyRow) -> Result<(DeviceId, Known)> {
    let broken = || Error::internal("a row of the devices cannot be read");
    let id = DeviceId::parse(row.try_get("id")?).ok_or_else(broken)?;
    let premises = PremisesId::parse(row.try_get("premises_id")?).ok_or_else(broken)?;
    let mut known = Known::new(premises, row.try_get("name")?);
    known.revoked = row
        .try_get::<Option<i64>, _>("revoked_at")?
        .map(from_millis);
    known.last_seen = row
        .try_get::<Option<i64>, _>("last_seen_at")?
        .map(from_millis);
    // A policy that this version cannot read is no policy: the device says it again at its next Hello.
    known.policy = row
        .try_get::<Option<Vec<u8>>, _>("policy")?
        .and_then(|bytes| Canonical::<StandingPolicy>::decode(&bytes).ok())
        .map(|policy| Arc::new(policy.into_value()));
    known.consent = Consent {
        paired: row.try_get::<i64, _>("paired")? != 0,
        epoch: u64::try_from(row.try_get::<i64, _>("epoch")?).unwrap_or(0),
        ..Consent::default()
    };
    Ok((id, known))
}

pub(super) async fn put_policy(store: &Store, id: DeviceId, policy: &StandingPolicy) -> Result<()> {
    sqlx::query("UPDATE device SET policy = $2 WHERE id = $1")
        .bind(id.to_string())
        .bind(Canonical::of(policy.clone()).bytes().to_vec())
        .execute(store.pool())
        .await?;
    Ok(())
}

pub(super) async fn put_consent(store: &Store, id: DeviceId, consent: Consent) -> Result<()> {
    sqlx::query("UPDATE device SET paired = $2, epoch = $3 WHERE id = $1")
        .bind(id.to_string())
        .bind(i64::from(consent.paired))
        .bind(i64::try_from(consent.epoch).unwrap_or(i64::MAX))
        .execute(store.pool())
        .await?;
    Ok(())
}

pub(super) async fn put_seen(world: &World, id: DeviceId) -> Result<()> {
    sqlx::query("UPDATE device SET last_seen_at = $2 WHERE id = $1")
        .bind(id.to_string())
        .bind(millis(world.clock.now()))
        .execute(world.store.pool())
        .await?;
    Ok(())
}

pub(super) async fn put_revoked(world: &World, id: DeviceId) -> Result<()> {
    sqlx::query("UPDATE device SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL")
        .bind(id.to_string())
        .bind(millis(world.clock.now()))
        .execute(world.store.pool())
        .await?;
    Ok(())
}
