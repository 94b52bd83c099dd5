//! What enrolment left on the device: its own key and certificate, and how it knows its hub. The key was
//! made here and never leaves.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use assent_consent::{DeviceId, Origin, Origins};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::authority::pem;
use crate::device_key::DeviceKey;

pub struct Enrolled {
    device: DeviceId,
    key_pem: Zeroizing<String>,
    certificate: Vec<u8>,
    about: About,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct About {
    pub(super) hub: String,
    pub(super) premises: String,
    /// SHA-256 of the hub's authority.
    pub(super) authority: [u8; 32],
    /// Where the owner's page of this hub is.
    #[serde(default)]
    pub(super) consent_origins: Vec<String>,
}

impl Enrolled {
    /// `None` when this device has no hub yet.
    ///
    /// # Errors
    /// Files that cannot be read, or are not what enrolment wrote.
    pub fn load(data_dir: &Path) -> io::Result<Option<Self>> {
        let dir = identity_dir(data_dir);
        let about = match fs::read(dir.join("hub.json")) {
            Ok(text) => serde_json::from_slice(&text).map_err(io::Error::other)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let key = key(data_dir)?;
        let certificate = fs::read(dir.join("certificate.der"))?;
        Ok(Some(Self {
            device: device_of(&key),
            key_pem: Zeroizing::new(key.serialize_pem()),
            certificate,
            about,
        }))
    }

    pub(super) fn keep(data_dir: &Path, certificate: &[u8], about: &About) -> io::Result<()> {
        let dir = identity_dir(data_dir);
        write(&dir.join("certificate.der"), certificate, 0o644)?;
        // Last: with it the device counts as enrolled.
        write(
            &dir.join("hub.json"),
            &serde_json::to_vec(about).map_err(io::Error::other)?,
            0o644,
        )
    }

    #[must_use]
    pub fn device(&self) -> DeviceId {
        self.device
    }

    #[must_use]
    pub fn premises(&self) -> &str {
        &self.about.premises
    }

    /// `host:port` from the claim.
    #[must_use]
    pub fn hub(&self) -> &str {
        &self.about.hub
    }

    /// Where the hub said that the owner's page is; what is no origin is left out.
    #[must_use]
    pub fn consent_origins(&self) -> Vec<Origin> {
        let told = self.about.consent_origins.iter().take(Origins::MOST);
        told.filter_map(|text| Origin::new(text).ok()).collect()
    }

    /// What the device signs with.
    ///
    /// # Errors
    /// A key that is not of the kind that enrolment made.
    pub fn device_key(&self) -> io::Result<DeviceKey> {
        let pair = KeyPair::from_pem(&self.key_pem).map_err(io::Error::other)?;
        DeviceKey::from_pkcs8(&Zeroizing::new(pair.serialize_der()))
    }

    pub(super) fn authority(&self) -> [u8; 32] {
        self.about.authority
    }

    /// Certificate and key for the transport.
    pub(super) fn identity(&self) -> tonic::transport::Identity {
        tonic::transport::Identity::from_pem(
            pem("CERTIFICATE", &self.certificate),
            self.key_pem.as_bytes(),
        )
    }
}

/// The device's key; made when there is none. It outlives a failed enrolment, so that a lost answer can
/// be asked for again.
pub(super) fn key(data_dir: &Path) -> io::Result<KeyPair> {
    let dir = identity_dir(data_dir);
    fs::create_dir_all(&dir)?;
    let path = dir.join("key.pem");
    match fs::read_to_string(&path) {
        Ok(text) => KeyPair::from_pem(&Zeroizing::new(text)).map_err(io::Error::other),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(io::Error::other)?;
            write(&path, Zeroizing::new(key.serialize_pem()).as_bytes(), 0o600)?;
            Ok(key)
        }
        Err(error) => Err(error),
    }
}

pub(super) fn device_of(key: &KeyPair) -> DeviceId {
    DeviceId(Sha256::digest(key.subject_public_key_info()).into())
}

fn identity_dir(data_dir: &Path) -> PathBuf {
    data_dir.join("identity")
}

/// Whole or not at all, also after a power loss.
fn write(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let partial = path.with_extension("partial");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(&partial)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&partial, path)?;
    path.parent()
        .map_or(Ok(()), |dir| File::open(dir)?.sync_all())
}
