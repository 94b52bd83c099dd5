//! Keys for tests, made from their names, and an authenticator that signs as browsers and passkeys do.

use assent_consent::{ObjectHash, PasskeyAssertion, Proof, PublicKey, Signature};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use p256::ecdsa::{Signature as Ecdsa, SigningKey};
use sha2::{Digest, Sha256};

pub(crate) const OWNER_ORIGIN: &str = "https://owner.example.org";
pub(crate) const CONSOLE_ORIGIN: &str = "https://console.example.org";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    OwnerPasskey,
    SecondPasskey,
    OwnerPhone,
    HouseholdPhone,
    StaffPhone,
    Device,
    SupervisorOne,
    SupervisorTwo,
    AlertSigner,
    Operator,
}

impl Key {
    pub(crate) const ALL: [Self; 10] = [
        Self::OwnerPasskey,
        Self::SecondPasskey,
        Self::OwnerPhone,
        Self::HouseholdPhone,
        Self::StaffPhone,
        Self::Device,
        Self::SupervisorOne,
        Self::SupervisorTwo,
        Self::AlertSigner,
        Self::Operator,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OwnerPasskey => "owner-passkey",
            Self::SecondPasskey => "owner-second-passkey",
            Self::OwnerPhone => "owner-phone",
            Self::HouseholdPhone => "household-phone",
            Self::StaffPhone => "staff-phone",
            Self::Device => "device",
            Self::SupervisorOne => "supervisor-one",
            Self::SupervisorTwo => "supervisor-two",
            Self::AlertSigner => "alert-signer",
            Self::Operator => "operator",
        }
    }

    pub(crate) fn is_passkey(self) -> bool {
        matches!(
            self,
            Self::OwnerPasskey
                | Self::SecondPasskey
                | Self::SupervisorOne
                | Self::SupervisorTwo
                | Self::Operator
        )
    }

    pub(crate) fn origin(self) -> &'static str {
        match self {
            Self::SupervisorOne | Self::SupervisorTwo | Self::AlertSigner | Self::Operator => {
                CONSOLE_ORIGIN
            }
            _ => OWNER_ORIGIN,
        }
    }

    pub(crate) fn secret(self) -> [u8; 32] {
        Sha256::digest(format!("assent test key {}", self.name())).into()
    }

    pub(crate) fn public(self) -> PublicKey {
        let point = self.signing().verifying_key().to_sec1_point(true);
        PublicKey::from_sec1(point.as_bytes()).unwrap()
    }

    pub(crate) fn sign(self, object: &ObjectHash) -> Signature {
        let proof = if self.is_passkey() {
            Proof::Passkey(Authenticator::of(self).assert(self, object))
        } else {
            Proof::Raw(self.raw(object))
        };
        Signature {
            key: self.public().id(),
            proof,
        }
    }

    pub(crate) fn raw(self, object: &ObjectHash) -> [u8; 64] {
        let signature: Ecdsa = self.signing().sign_prehash(&object.0).unwrap();
        signature.to_bytes().into()
    }

    fn signing(self) -> SigningKey {
        SigningKey::from_slice(&self.secret()).unwrap()
    }
}

/// What a passkey and its browser would say; every part can be set wrong.
pub(crate) struct Authenticator {
    pub(crate) kind: &'static str,
    pub(crate) origin: &'static str,
    pub(crate) relying_party: &'static str,
    pub(crate) flags: u8,
    /// Behind the last member of the client data, inside its brackets.
    pub(crate) more: &'static str,
}

impl Authenticator {
    pub(crate) fn of(key: Key) -> Self {
        Self {
            kind: "webauthn.get",
            origin: key.origin(),
            relying_party: key.origin().trim_start_matches("https://"),
            flags: 0x05,
            more: r#","crossOrigin":false"#,
        }
    }

    pub(crate) fn assert(&self, key: Key, object: &ObjectHash) -> PasskeyAssertion {
        let client_data = format!(
            r#"{{"type":"{}","challenge":"{}","origin":"{}"{}}}"#,
            self.kind,
            URL_SAFE_NO_PAD.encode(object.0),
            self.origin,
            self.more
        );
        let mut data = Sha256::digest(self.relying_party).to_vec();
        data.push(self.flags);
        data.extend([0; 4]);
        let digest = Sha256::new()
            .chain_update(&data)
            .chain_update(Sha256::digest(&client_data))
            .finalize();
        let signature: Ecdsa = key.signing().sign_prehash(&digest).unwrap();
        let der = signature.to_der().as_bytes().to_vec();
        PasskeyAssertion::new(data, client_data.into_bytes(), der).unwrap()
    }
}
