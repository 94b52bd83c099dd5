//! Pairing on the phone's side: the code on the device, the hello that proves who scanned it, and the
//! device's answer, checked as an owner's page checks it. Written from the design note, with none of the
//! device's code.

use anyhow::{Context as _, Result, ensure};
use assent_consent::{
    Addressed, DeviceId, Epoch, Origin, Origins, P256, Proof, PublicKey, Verify as _,
};
use assent_wire::{paired_bytes, pairing, signed};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::PublicKey as Point;
use p256::pkcs8::EncodePublicKey as _;
use prost::Message as _;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// What stands behind the `#` of the code.
pub struct Code {
    pub(super) origin: String,
    pub(super) to: Addressed,
    secret: Vec<u8>,
}

impl Code {
    /// Reads the code as a camera would, out of the lines that `assent-core pair` prints.
    ///
    /// # Errors
    /// When there is no code in them.
    pub fn read(said: &str) -> Result<Self> {
        let mut lines = said.lines().map(str::trim);
        let url = lines.find(|line| line.starts_with("http"));
        let (origin, code) = url
            .and_then(|url| url.split_once("/#p="))
            .with_context(|| format!("no code in {said}"))?;
        let mut parts = code.split('.');
        let mut part = || parts.next().context("the code is too short");
        let device = unhex(part()?)?;
        let secret = URL_SAFE_NO_PAD.decode(part()?)?;
        let epoch = part().map_or(Ok(1), str::parse)?;
        let device = DeviceId(device.try_into().ok().context("a device id has 32 bytes")?);
        let epoch = Epoch::new(epoch).context("epochs begin at 1")?;
        Ok(Self {
            origin: origin.to_owned(),
            to: Addressed { device, epoch },
            secret,
        })
    }

    /// What somebody holds who never saw the device's screen.
    #[must_use]
    pub fn guessed(&self) -> Self {
        Self {
            origin: self.origin.clone(),
            to: self.to,
            secret: Uuid::new_v4().as_bytes().to_vec(),
        }
    }

    /// The hello as it goes into the mailbox: MAC, then the first words.
    pub(super) fn hello(&self, owner_set: Vec<u8>, ceiling: Vec<u8>, policy: Vec<u8>) -> Vec<u8> {
        let hello = pairing::Hello {
            device: self.to.device.0.to_vec(),
            owner_set,
            ceiling,
            policy,
        };
        let said = hello.encode_to_vec();
        [&self.mac("phone", &said)[..], &said].concat()
    }

    /// The device's key, if this answer is from the device that showed the code, to this hello, about this set.
    pub(super) fn check(&self, hello: &[u8], set: [u8; 32], answer: &[u8]) -> Result<PublicKey> {
        let (mac, said) = answer.split_at_checked(32).context("an answer has a MAC")?;
        ensure!(mac == self.mac("device", said), "the answer's MAC is wrong");
        let envelope = signed::Envelope::decode(said)?;
        ensure!(
            envelope.r#type == "paired.1",
            "{} is no answer",
            envelope.r#type
        );
        let paired = pairing::Paired::decode(&*envelope.payload)?;
        ensure!(paired.encode_to_vec() == envelope.payload, "not canonical");
        ensure!(paired.device == self.to.device.0, "another device answers");
        ensure!(paired.epoch == self.to.epoch.get(), "another life of it");
        ensure!(
            paired.hello == Sha256::digest(hello)[..],
            "to another hello"
        );
        ensure!(paired.owner_set == set, "another set was taken");
        ensure!(
            paired.origins.contains(&self.origin),
            "another page is trusted"
        );
        let named = Sha256::digest(Point::from_sec1_bytes(&paired.key)?.to_public_key_der()?);
        ensure!(
            named[..] == self.to.device.0,
            "the key is not this device's"
        );
        self.check_signature(&paired, &envelope)
    }

    fn check_signature(
        &self,
        paired: &pairing::Paired,
        envelope: &signed::Envelope,
    ) -> Result<PublicKey> {
        let [signature] = &envelope.signatures[..] else {
            anyhow::bail!("{} signatures", envelope.signatures.len());
        };
        let key = PublicKey::from_sec1(&paired.key).ok().context("no key")?;
        ensure!(signature.key == key.id().0, "somebody else signed");
        let raw = Proof::Raw(signature.raw.as_slice().try_into()?);
        let origin = Origin::new(&self.origin).ok().context("no origin")?;
        let hash = paired_bytes(paired)?.hash();
        let good = P256.verify(&key, &hash, &raw, &Origins::from(origin));
        good.ok().context("the device's signature is wrong")?;
        Ok(key)
    }

    /// HKDF (RFC 5869, one block) and HMAC (RFC 2104), written out.
    fn mac(&self, side: &str, said: &[u8]) -> [u8; 32] {
        let root = hmac(&self.to.device.0, &self.secret);
        let key = hmac(&root, b"ASSENT-PAIR-v1\x01");
        hmac(&key, &[side.as_bytes(), b"\0", said].concat())
    }
}

fn hmac(key: &[u8; 32], bytes: &[u8]) -> [u8; 32] {
    let padded = |with: u8| {
        let mut block = [with; 64];
        block.iter_mut().zip(key).for_each(|(to, from)| *to ^= from);
        block
    };
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(bytes);
    let outer = Sha256::new().chain_update(padded(0x5c));
    outer.chain_update(inner.finalize()).finalize().into()
}

pub(super) fn unhex(text: &str) -> Result<Vec<u8>> {
    ensure!(
        text.is_ascii() && text.len().is_multiple_of(2),
        "{text} is not hex"
    );
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16);
    Ok((0..text.len())
        .step_by(2)
        .map(byte)
        .collect::<Result<_, _>>()?)
}
