//! Claim codes and what is bought with them: one certificate for one key. A code is kept as a hash,
//! works once, and expires; the same key may come back with it, because a reply can be lost.

use serde_json::json;
use sqlx::Row as _;
use time::{Duration, OffsetDateTime};

use super::{Devices, RequestProblem};
use crate::audit::{Actor, Class, Event};
use crate::error::{Error, Result};
use crate::world::{DeviceId, Hash, PremisesId, Secret, Text, millis};

/// Long enough to drive to the premises, short enough that a note left lying there is worthless.
pub const CLAIM_LIFE: Duration = Duration::days(7);
/// A code is 43 characters; anything longer is not one of ours.
const LONGEST_CODE: usize = 64;
const LONGEST_NAME: usize = 80;

/// A fresh claim code with what a device needs to recognise this hub.
pub struct Claim {
    pub code: Secret,
    pub authority: String,
    pub expires_at: OffsetDateTime,
}

impl Claim {
    /// `<code>@<host>:<port>#<SHA-256 of the hub's authority>`
    pub fn text(&self, address: &str) -> String {
        format!("{}@{}#{}", self.code.reveal(), address, self.authority)
    }
}

/// What an enrolled device gets.
pub struct Enrolled {
    pub device: DeviceId,
    pub premises: PremisesId,
    pub certificate: Vec<u8>,
}

impl Devices {
    /// Makes a claim code for premises. Only its hash stays here.
    pub async fn claim(&self, premises: PremisesId) -> Result<Claim> {
        let code = self.world.random.secret();
        let now = self.world.clock.now();
        self.audit
            .append(Event::new(Class::ClaimMade, Actor::Administrator).premises(premises))
            .await?;
        sqlx::query("INSERT INTO claim (code_hash, premises_id, made_at, expires_at) VALUES ($1, $2, $3, $4)")
            .bind(text(code.hash()))
            .bind(premises.to_string())
            .bind(millis(now))
            .bind(millis(now + CLAIM_LIFE))
            .execute(self.world.store.pool())
            .await?;
        Ok(Claim {
            code,
            authority: self.authority.fingerprint(),
            expires_at: now + CLAIM_LIFE,
        })
    }

    /// Exchanges a claim code and a certificate request for a certificate.
    pub async fn enrol(&self, code: &str, request: &[u8], name: &str) -> Result<Enrolled> {
        let name = Text::<LONGEST_NAME>::new(name);
        let Some(name) = name.filter(|_| code.len() <= LONGEST_CODE) else {
            return Err(Error::invalid(
                "The claim code or the device's name is too long, or the name holds control characters.",
            ));
        };
        let name = name.as_str();
        let now = self.world.clock.now();
        let (device, certificate) = self
            .authority
            .issue_device(request, self.world.random.bytes(), now)
            .map_err(request_error)?;
        if self
            .device(device)
            .is_some_and(|known| known.revoked.is_some())
        {
            return Err(Error::forbidden(
                "This device was revoked. Reset it, so that it makes a new key, and enrol again.",
            ));
        }
        let premises = self.redeem(Secret::new(code).hash(), device, name).await?;
        let event = Event::new(Class::DeviceEnrolled, Actor::Device(device)).premises(premises);
        self.audit
            .append(event.detail(json!({ "device": device.to_string() })))
            .await?;
        self.remember(device, premises, name);
        tracing::info!(device.id = %device, premises.id = %premises, "device enrolled");
        Ok(Enrolled {
            device,
            premises,
            certificate,
        })
    }

    /// Uses the code up. The update comes first: it takes the lock, so that of two devices one loses.
    async fn redeem(&self, code: Hash, device: DeviceId, name: &str) -> Result<PremisesId> {
        let now = millis(self.world.clock.now());
        let mut transaction = self.world.store.pool().begin().await?;
        let used = sqlx::query(
            "UPDATE claim SET used_by = $2, used_at = $3 WHERE code_hash = $1 \
             AND (used_by = $2 OR (used_by IS NULL AND expires_at > $3)) RETURNING premises_id",
        )
        .bind(text(code))
        .bind(device.to_string())
        .bind(now)
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(row) = used else {
            drop(transaction);
            return Err(self.why_not(code).await?);
        };
        let premises = PremisesId::parse(row.try_get("premises_id")?)
            .ok_or_else(|| Error::internal("a claim names no premises"))?;
        sqlx::query(
            "INSERT INTO device (id, premises_id, name, enrolled_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (id) DO UPDATE SET premises_id = excluded.premises_id, name = excluded.name",
        )
        .bind(device.to_string())
        .bind(premises.to_string())
        .bind(name)
        .bind(now)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(premises)
    }

    async fn why_not(&self, code: Hash) -> Result<Error> {
        let row = sqlx::query("SELECT used_by FROM claim WHERE code_hash = $1")
            .bind(text(code))
            .fetch_optional(self.world.store.pool())
            .await?;
        let Some(row) = row else {
            return Ok(Error::forbidden(
                "This claim code is not known here. Check that all of it was copied.",
            )
            .slug("claim-unknown"));
        };
        Ok(match row.try_get::<Option<String>, _>("used_by")? {
            Some(_) => Error::forbidden(
                "Another device has used this claim code. Ask for a new code for this one.",
            )
            .slug("claim-used"),
            None => Error::forbidden("This claim code has expired. Ask for a new one.")
                .slug("claim-expired"),
        })
    }
}

fn request_error(problem: RequestProblem) -> Error {
    match problem {
        RequestProblem::TooLong => Error::invalid("The certificate request is longer than 4 KiB."),
        RequestProblem::NotARequest => {
            Error::invalid("The certificate request is not PKCS #10 in DER.")
        }
        RequestProblem::BadSignature => {
            Error::invalid("The certificate request is not signed by the key it names.")
        }
        RequestProblem::NotP256 => {
            Error::invalid("The certificate request must be for a P-256 key.")
        }
        RequestProblem::Signing => Error::internal("the authority could not sign a certificate"),
    }
}

fn text(hash: Hash) -> String {
    super::authority::hex(&hash.0)
}
