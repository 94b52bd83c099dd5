//! Signatures under a word.

use assent_consent::{KeyId, PasskeyAssertion, Proof, Signature, Signatures};

use super::parts::array;
use crate::{WireError, signed};

pub(super) fn signatures(list: &[signed::Signature]) -> Result<Signatures, WireError> {
    if list.len() > Signatures::MOST {
        return Err(WireError::Bad("signatures"));
    }
    let read = list.iter().map(Signature::try_from);
    Signatures::new(read.collect::<Result<_, _>>()?).map_err(|_| WireError::Bad("signatures"))
}

impl TryFrom<&signed::Signature> for Signature {
    type Error = WireError;

    fn try_from(m: &signed::Signature) -> Result<Self, WireError> {
        let proof = match (m.raw.as_slice(), &m.passkey) {
            (raw, None) => Proof::Raw(array(raw, "raw")?),
            ([], Some(passkey)) => Proof::Passkey(passkey.try_into()?),
            (_, Some(_)) => return Err(WireError::Bad("signatures")),
        };
        Ok(Self {
            key: KeyId(array(&m.key, "key")?),
            proof,
        })
    }
}

impl TryFrom<&signed::PasskeyAssertion> for PasskeyAssertion {
    type Error = WireError;

    fn try_from(m: &signed::PasskeyAssertion) -> Result<Self, WireError> {
        Self::new(
            m.authenticator_data.clone(),
            m.client_data.clone(),
            m.signature.clone(),
        )
        .map_err(|_| WireError::Bad("passkey"))
    }
}

impl From<&Signature> for signed::Signature {
    fn from(signature: &Signature) -> Self {
        let (raw, passkey) = match &signature.proof {
            Proof::Raw(raw) => (raw.to_vec(), None),
            Proof::Passkey(assertion) => (Vec::new(), Some(assertion.into())),
        };
        Self {
            key: signature.key.0.to_vec(),
            raw,
            passkey,
        }
    }
}

impl From<&PasskeyAssertion> for signed::PasskeyAssertion {
    fn from(assertion: &PasskeyAssertion) -> Self {
        Self {
            authenticator_data: assertion.authenticator_data().to_vec(),
            client_data: assertion.client_data().to_vec(),
            signature: assertion.signature().to_vec(),
        }
    }
}
