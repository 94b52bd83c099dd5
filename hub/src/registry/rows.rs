//! The registry's rows: reading all of them at start, writing one change at a time.

use std::collections::BTreeMap;
use std::sync::Arc;

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{Agency, Camera, Connection, Kind, Place, Premises};
use crate::error::{Error, Result};
use crate::world::{AgencyId, CameraId, DeviceId, PremisesId, Private, Store, World, millis};

pub(super) async fn agencies(store: &Store) -> Result<BTreeMap<AgencyId, Arc<Agency>>> {
    let rows = sqlx::query("SELECT id, name FROM agency")
        .fetch_all(store.pool())
        .await?;
    rows.iter()
        .map(|row| {
            let id = AgencyId::parse(row.try_get("id")?).ok_or_else(broken)?;
            Ok((
                id,
                Arc::new(Agency {
                    id,
                    name: row.try_get("name")?,
                }),
            ))
        })
        .collect()
}

pub(super) async fn premises(store: &Store) -> Result<BTreeMap<PremisesId, Arc<Premises>>> {
    let rows = sqlx::query(
        "SELECT id, agency_id, kind, name, address, call_back, keyholder, lat, lon FROM premises",
    )
    .fetch_all(store.pool())
    .await?;
    rows.iter()
        .map(|row| premises_of(row).map(|one| (one.id, Arc::new(one))))
        .collect()
}

fn premises_of(row: &AnyRow) -> Result<Premises> {
    let place = match (
        row.try_get::<Option<f64>, _>("lat")?,
        row.try_get::<Option<f64>, _>("lon")?,
    ) {
        (Some(lat), Some(lon)) => Place::new(lat, lon),
        _ => None,
    };
    Ok(Premises {
        id: PremisesId::parse(row.try_get("id")?).ok_or_else(broken)?,
        agency: AgencyId::parse(row.try_get("agency_id")?).ok_or_else(broken)?,
        kind: Kind::parse(row.try_get("kind")?).ok_or_else(broken)?,
        name: row.try_get("name")?,
        address: Private::new(row.try_get("address")?),
        call_back: row
            .try_get::<Option<String>, _>("call_back")?
            .map(Private::new),
        keyholder: row
            .try_get::<Option<String>, _>("keyholder")?
            .map(Private::new),
        place,
    })
}

pub(super) async fn cameras(store: &Store) -> Result<BTreeMap<CameraId, Arc<Camera>>> {
    let rows = sqlx::query(
        "SELECT id, premises_id, device_id, number, name, has_sub, has_audio, masked FROM camera",
    )
    .fetch_all(store.pool())
    .await?;
    rows.iter()
        .map(|row| camera_of(row).map(|one| (one.id, Arc::new(one))))
        .collect()
}

fn camera_of(row: &AnyRow) -> Result<Camera> {
    let device = row
        .try_get::<Option<String>, _>("device_id")?
        .as_deref()
        .and_then(DeviceId::parse);
    let number = row
        .try_get::<Option<i64>, _>("number")?
        .and_then(|number| u16::try_from(number).ok());
    Ok(Camera {
        id: CameraId::parse(row.try_get("id")?).ok_or_else(broken)?,
        premises: PremisesId::parse(row.try_get("premises_id")?).ok_or_else(broken)?,
        connection: device
            .zip(number)
            .map(|(device, number)| Connection { device, number }),
        name: row.try_get("name")?,
        has_sub: row.try_get::<i64, _>("has_sub")? != 0,
        has_audio: row.try_get::<i64, _>("has_audio")? != 0,
        masked: row.try_get::<i64, _>("masked")? != 0,
    })
}

pub(super) async fn put_agency(world: &World, agency: &Agency) -> Result<()> {
    sqlx::query(
        "INSERT INTO agency (id, name, made_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET name = excluded.name",
    )
    .bind(agency.id.to_string())
    .bind(agency.name.as_str())
    .bind(millis(world.clock.now()))
    .execute(world.store.pool())
    .await?;
    Ok(())
}

pub(super) async fn put_premises(world: &World, premises: &Premises) -> Result<()> {
    sqlx::query(
        "INSERT INTO premises (id, agency_id, kind, name, address, call_back, keyholder, lat, lon, made_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO UPDATE SET agency_id = excluded.agency_id, \
         kind = excluded.kind, name = excluded.name, address = excluded.address, call_back = excluded.call_back, \
         keyholder = excluded.keyholder, lat = excluded.lat, lon = excluded.lon",
    )
    .bind(premises.id.to_string())
    .bind(premises.agency.to_string())
    .bind(premises.kind.name())
    .bind(premises.name.as_str())
    .bind(premises.address.reveal().as_str())
    .bind(premises.call_back.as_ref().map(|number| number.reveal().clone()))
    .bind(premises.keyholder.as_ref().map(|name| name.reveal().clone()))
    .bind(premises.place.map(|place| place.lat))
    .bind(premises.place.map(|place| place.lon))
    .bind(millis(world.clock.now()))
    .execute(world.store.pool())
    .await?;
    Ok(())
}

pub(super) async fn put_cameras(world: &World, cameras: &[Arc<Camera>]) -> Result<()> {
    let mut transaction = world.store.pool().begin().await?;
    for camera in cameras {
        sqlx::query(
            "INSERT INTO camera (id, premises_id, device_id, number, name, has_sub, has_audio, masked, made_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO UPDATE SET premises_id = excluded.premises_id, name = excluded.name, \
             has_sub = excluded.has_sub, has_audio = excluded.has_audio, masked = excluded.masked",
        )
        .bind(camera.id.to_string())
        .bind(camera.premises.to_string())
        .bind(camera.connection.map(|connection| connection.device.to_string()))
        .bind(camera.connection.map(|connection| i64::from(connection.number)))
        .bind(camera.name.as_str())
        .bind(i64::from(camera.has_sub))
        .bind(i64::from(camera.has_audio))
        .bind(i64::from(camera.masked))
        .bind(millis(world.clock.now()))
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await?;
    Ok(())
}

fn broken() -> Error {
    Error::internal("a row of the registry cannot be read")
}
