//! The two messages of a pairing as bytes: what stands behind the MAC, in its one canonical form. Whether
//! the MAC is right, and what is done then, is the device's and the phone's matter.

use assent_consent::{KeyId, SignedBytes};
use prost::Message as _;

use crate::{MAX_PAIRING, WireError, pairing, signed};

/// What the device's answer is called in its envelope.
const PAIRED: &str = "paired.1";
const MAC_BYTES: usize = 32;

/// A MAC, and what it covers.
#[derive(Clone, Copy, Debug)]
pub struct Covered<'a> {
    pub mac: &'a [u8; 32],
    pub said: &'a [u8],
}

impl<'a> Covered<'a> {
    /// # Errors
    /// Longer than any pairing, or too short for a MAC.
    pub fn split(body: &'a [u8]) -> Result<Self, WireError> {
        if body.len() > MAX_PAIRING {
            return Err(WireError::TooLong);
        }
        let (mac, said) = body
            .split_first_chunk::<MAC_BYTES>()
            .ok_or(WireError::NotProtobuf)?;
        Ok(Self { mac, said })
    }
}

/// Reads a hello, of which the MAC was right; its envelopes are opened after.
///
/// # Errors
/// Bytes that are no hello in its one form.
pub fn read_hello(said: &[u8]) -> Result<pairing::Hello, WireError> {
    let hello = pairing::Hello::decode(said).map_err(|_| WireError::NotProtobuf)?;
    if hello.encode_to_vec() != said {
        return Err(WireError::NotCanonical);
    }
    Ok(hello)
}

/// What the device signs.
///
/// # Errors
/// Never for an answer within its bounds.
pub fn paired_bytes(paired: &pairing::Paired) -> Result<SignedBytes, WireError> {
    SignedBytes::new(PAIRED, &paired.encode_to_vec()).ok_or(WireError::TooLong)
}

/// The answer under the device's signature, as it stands behind its MAC.
#[must_use]
pub fn seal_paired(paired: &pairing::Paired, key: KeyId, raw: [u8; 64]) -> Vec<u8> {
    let signature = signed::Signature {
        key: key.0.to_vec(),
        raw: raw.to_vec(),
        passkey: None,
    };
    let envelope = signed::Envelope {
        r#type: PAIRED.to_owned(),
        payload: paired.encode_to_vec(),
        signatures: vec![signature],
    };
    envelope.encode_to_vec()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_body_is_a_mac_and_what_it_covers() {
        assert_eq!(
            Covered::split(&[1; 31]).unwrap_err(),
            WireError::NotProtobuf
        );
        let long = vec![1; MAX_PAIRING + 1];
        assert_eq!(Covered::split(&long).unwrap_err(), WireError::TooLong);
        let body = [[7; 32].as_slice(), &[8, 9]].concat();
        let covered = Covered::split(&body).unwrap();
        assert_eq!((covered.mac, covered.said), (&[7; 32], [8, 9].as_slice()));
    }

    #[test]
    fn a_hello_has_one_form() {
        let hello = pairing::Hello {
            device: vec![1; 32],
            owner_set: vec![2; 5],
            ceiling: vec![3; 5],
            policy: Vec::new(),
        };
        let said = hello.encode_to_vec();
        assert_eq!(read_hello(&said).unwrap(), hello);
        // The empty policy written out, a field that nobody knows, half a message.
        let written_out = [&said[..], &[0x22, 0]].concat();
        assert_eq!(read_hello(&written_out), Err(WireError::NotCanonical));
        let unknown = [&said[..], &[0x28, 1]].concat();
        assert_eq!(read_hello(&unknown), Err(WireError::NotCanonical));
        let half = &said[..said.len() - 1];
        assert_eq!(read_hello(half), Err(WireError::NotProtobuf));
    }
}
