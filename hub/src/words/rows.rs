//! The newest words of each device, as rows. An older one never takes the place of a newer one.

use sqlx::Row as _;

use super::envelope::Envelope;
use super::presented::Shelf;
use crate::error::{Error, Result};
use crate::world::{DeviceId, World, millis};

pub(super) async fn put(world: &World, device: DeviceId, envelope: &Envelope) -> Result<()> {
    let Some(shelf) = Shelf::of(envelope) else {
        return Ok(());
    };
    let number = |number: u64| i64::try_from(number).map_err(Error::internal);
    sqlx::query(
        "INSERT INTO word (device_id, kind, epoch, version, envelope, accepted_at) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (device_id, kind) DO UPDATE SET epoch = excluded.epoch, version = excluded.version, \
         envelope = excluded.envelope, accepted_at = excluded.accepted_at \
         WHERE excluded.epoch > word.epoch OR (excluded.epoch = word.epoch AND excluded.version >= word.version)",
    )
    .bind(device.to_string())
    .bind(shelf.kind)
    .bind(number(shelf.epoch)?)
    .bind(number(shelf.version)?)
    .bind(shelf.bytes.to_vec())
    .bind(millis(world.clock.now()))
    .execute(world.store.pool())
    .await?;
    Ok(())
}

pub(super) async fn of(world: &World, device: DeviceId) -> Result<Vec<(String, Vec<u8>)>> {
    let rows = sqlx::query("SELECT kind, envelope FROM word WHERE device_id = $1")
        .bind(device.to_string())
        .fetch_all(world.store.pool())
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("kind")?, row.try_get("envelope")?)))
        .collect()
}
