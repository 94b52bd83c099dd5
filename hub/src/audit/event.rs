//! What the record can say. A new kind of effect gets a class here first.

use crate::world::{AgencyId, CameraId, DeviceId, PersonId, PremisesId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// One thing that happened. `detail` holds ids and numbers; never a name, an address or a secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Event {
    pub class: Class,
    pub actor: Actor,
    pub premises: Option<PremisesId>,
    pub camera: Option<CameraId>,
    pub agency: Option<AgencyId>,
    pub outcome: Outcome,
    pub detail: Value,
    /// Follows from what happened, where that may be heard twice; else a new one is made.
    #[serde(skip)]
    pub(super) id: Option<Uuid>,
}

impl Event {
    pub fn new(class: Class, actor: Actor) -> Self {
        Self {
            class,
            actor,
            premises: None,
            camera: None,
            agency: None,
            outcome: Outcome::Done,
            detail: Value::Null,
            id: None,
        }
    }

    /// What this class says of `what` is said once: heard again, it is the same record.
    #[must_use]
    pub fn once(mut self, what: [u8; 16]) -> Self {
        let digest = Sha256::new()
            .chain_update(self.class.name())
            .chain_update([0])
            .chain_update(what)
            .finalize();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        self.id = Some(Uuid::from_bytes(id));
        self
    }

    #[must_use]
    pub fn premises(mut self, id: PremisesId) -> Self {
        self.premises = Some(id);
        self
    }

    #[must_use]
    pub fn camera(mut self, id: CameraId) -> Self {
        self.camera = Some(id);
        self
    }

    #[must_use]
    pub fn agency(mut self, id: Option<AgencyId>) -> Self {
        self.agency = id;
        self
    }

    #[must_use]
    pub fn refused(mut self) -> Self {
        self.outcome = Outcome::Refused;
        self
    }

    #[must_use]
    pub fn detail(mut self, detail: Value) -> Self {
        self.detail = detail;
        self
    }
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind", content = "id")]
pub enum Actor {
    Person(PersonId),
    Device(DeviceId),
    /// A named source of alerts from outside.
    Source(String),
    Hub,
    /// Somebody with a shell on the hub's machine.
    Administrator,
    Nobody,
}

impl Actor {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Actor::Person(_) => "person",
            Actor::Device(_) => "device",
            Actor::Source(_) => "source",
            Actor::Hub => "hub",
            Actor::Administrator => "administrator",
            Actor::Nobody => "nobody",
        }
    }

    pub(super) fn id(&self) -> Option<String> {
        match self {
            Actor::Person(id) => Some(id.to_string()),
            Actor::Device(id) => Some(id.to_string()),
            Actor::Source(name) => Some(name.clone()),
            Actor::Hub | Actor::Administrator | Actor::Nobody => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    Done,
    Refused,
}

impl Outcome {
    pub(super) fn name(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Refused => "refused",
        }
    }
}

/// Declares the classes together with their names in the store.
macro_rules! classes {
    ($($variant:ident = $name:literal,)+) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Class {
            $(#[serde(rename = $name)] $variant,)+
        }

        impl Class {
            pub fn name(self) -> &'static str {
                match self { $(Class::$variant => $name,)+ }
            }
        }
    };
}

classes! {
    SignIn = "sign-in",
    SignOut = "sign-out",
    LinkMade = "link-made",
    PasskeyAdded = "passkey-added",
    RoleRevoked = "role-revoked",
    TownImported = "town-imported",
    ClaimMade = "claim-made",
    DeviceEnrolled = "device-enrolled",
    DeviceRevoked = "device-revoked",
    Press = "press",
    Alert = "alert",
    Approval = "approval",
    GrantLive = "grant-live",
    GrantRefused = "grant-refused",
    GrantEnded = "grant-ended",
    Revoke = "revoke",
    ViewingStarted = "viewing-started",
    ViewingEnded = "viewing-ended",
    Acknowledgement = "acknowledgement",
    IncidentCleared = "incident-cleared",
}
