//! A camera as the register knows it. Its live condition is a fact of the device that reads it.

use sha2::{Digest as _, Sha256};

use crate::world::{CameraId, DeviceId, PremisesId, Text};

/// What a device's owner calls a camera, as operators and owners read it.
pub type CameraName = Text<{ assent_wire::MAX_NAME }>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Camera {
    pub id: CameraId,
    pub premises: PremisesId,
    /// None for a camera that is registered only.
    pub connection: Option<Connection>,
    pub name: String,
    pub has_sub: bool,
    pub has_audio: bool,
    pub masked: bool,
}

/// Which device reads it, under which of the device's own numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Connection {
    pub device: DeviceId,
    pub number: u16,
}

/// What a device says about one of its cameras.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    pub number: u16,
    pub name: CameraName,
    pub has_sub: bool,
    pub has_audio: bool,
    pub masked: bool,
}

impl Connection {
    /// The hub-wide id follows from device and number, so that it needs no store and survives a lost one.
    pub fn camera(self) -> CameraId {
        let mut hasher = Sha256::new();
        hasher.update(b"assent camera\0");
        hasher.update(self.device.0);
        hasher.update(self.number.to_be_bytes());
        let digest = hasher.finalize();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        CameraId(uuid::Uuid::from_bytes(id))
    }
}

impl Camera {
    pub(super) fn connected(device: DeviceId, premises: PremisesId, reported: &Reported) -> Self {
        let connection = Connection {
            device,
            number: reported.number,
        };
        Self {
            id: connection.camera(),
            premises,
            connection: Some(connection),
            name: reported.name.as_str().to_owned(),
            has_sub: reported.has_sub,
            has_audio: reported.has_audio,
            masked: reported.masked,
        }
    }
}
