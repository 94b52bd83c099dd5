//! Short-lived ES256 tokens for media players that have no session cookie. A token names one camera and
//! the session it was made in, and dies with either the clock or that session.

use crate::error::{Error, Result};
use crate::identity::SessionId;
use crate::world::CameraId;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use time::{Duration, OffsetDateTime};

/// Time to hand it to a player and connect; the connection itself lasts as long as the viewing.
pub(super) const VALID_FOR: Duration = Duration::minutes(5);
const AUDIENCE: &str = "assent-whep";

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Claims {
    aud: String,
    exp: i64,
    /// The camera.
    pub(super) sub: CameraId,
    /// The session in which it was made.
    pub(super) sid: uuid::Uuid,
}

pub(super) struct Tokens {
    signing: EncodingKey,
    checking: DecodingKey,
}

impl Tokens {
    /// Reads the hub's token key, or makes it at the first start.
    pub(super) fn open(data_dir: &Path) -> Result<Self> {
        let path = data_dir.join("token-key.pem");
        let refuse = |e: String| {
            Error::unavailable(format!(
                "The token key {} cannot be read or made.",
                path.display()
            ))
            .because(e)
        };
        let pem = match std::fs::read_to_string(&path) {
            Ok(pem) => pem,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                make_key(&path).map_err(refuse)?
            }
            Err(e) => return Err(refuse(e.to_string())),
        };
        let pair = KeyPair::from_pem(&pem).map_err(|e| refuse(e.to_string()))?;
        let signing =
            EncodingKey::from_ec_pem(pem.as_bytes()).map_err(|e| refuse(e.to_string()))?;
        let checking = DecodingKey::from_ec_pem(pair.public_key_pem().as_bytes())
            .map_err(|e| refuse(e.to_string()))?;
        Ok(Self { signing, checking })
    }

    pub(super) fn make(
        &self,
        camera: CameraId,
        session: SessionId,
        now: OffsetDateTime,
    ) -> Result<String> {
        let claims = Claims {
            aud: AUDIENCE.into(),
            exp: (now + VALID_FOR).unix_timestamp(),
            sub: camera,
            sid: session.0,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims, &self.signing)
            .map_err(Error::internal)
    }

    pub(super) fn check(&self, token: &str, now: OffsetDateTime) -> Result<Claims> {
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_audience(&[AUDIENCE]);
        // Against our own clock, below.
        validation.validate_exp = false;
        let refused = || Error::signed_out().slug("token-refused");
        let claims = jsonwebtoken::decode::<Claims>(token, &self.checking, &validation)
            .map_err(|e| refused().because(e))?
            .claims;
        if claims.exp <= now.unix_timestamp() {
            return Err(refused());
        }
        Ok(claims)
    }
}

fn make_key(path: &Path) -> std::result::Result<String, String> {
    let pem = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)
        .map_err(|e| e.to_string())?
        .serialize_pem();
    let file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    let written = file.and_then(|mut file| {
        file.write_all(pem.as_bytes())
            .and_then(|()| file.sync_all())
    });
    written.map_err(|e| e.to_string()).map(|()| pem)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_token_survives_a_restart_and_dies_in_time() {
        let dir = tempfile::tempdir().unwrap();
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let (camera, session) = (
            CameraId(uuid::Uuid::from_u128(1)),
            SessionId(uuid::Uuid::from_u128(2)),
        );
        let token = Tokens::open(dir.path())
            .unwrap()
            .make(camera, session, now)
            .unwrap();
        let tokens = Tokens::open(dir.path()).unwrap();
        let claims = tokens.check(&token, now).unwrap();
        assert_eq!((claims.sub, claims.sid), (camera, session.0));
        assert!(tokens.check(&token, now + VALID_FOR).is_err());
        assert!(tokens.check("e30.e30.e30", now).is_err());
    }

    #[test]
    fn another_hubs_token_opens_nothing() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let token = Tokens::open(one.path())
            .unwrap()
            .make(
                CameraId(uuid::Uuid::nil()),
                SessionId(uuid::Uuid::nil()),
                now,
            )
            .unwrap();
        assert!(
            Tokens::open(two.path())
                .unwrap()
                .check(&token, now)
                .is_err()
        );
    }
}
