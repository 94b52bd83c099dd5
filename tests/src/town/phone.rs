//! An owner's phone without a browser: a key of its own, a passkey, and what it signs for one device, sent as
//! the owner's page sends it. It knows the device only by what was on the device's screen and what the hub
//! carries.

mod agency;
pub mod code;
mod keys;
pub mod words;

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use assent_consent::{
    Addressed, AgencyHash, AlertFacts, AlertKind, AlertSource, Nonce, PersonId, Place, PublicKey,
    RevokeScope, Role, TriggerId, Word,
};
use assent_wire::hash_of;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

pub use agency::Authority;
pub use keys::Key;

use super::device::Device;
use super::page::{Answer, Page};
use super::plan::RulePlan;
use super::share::Press;
use code::{Code, unhex};

/// The device asks its disk before it answers.
const SHOWN_WITHIN: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Longer than any rule in a town's plan.
const LONGEST_SECS: u32 = 7_200;

pub struct Phone {
    pub key: Key,
    pub passkey: Key,
    pub to: Addressed,
    /// As the device's answer to the pairing told it.
    pub device_key: Option<PublicKey>,
    pub agency: AgencyHash,
    /// The newest that this phone signed and the device took.
    pub set: Word,
    pub ceiling: Word,
    pub policy: Word,
}

impl Phone {
    /// Pairs as a person does: reads the code on the device, says who is to own it, goes to the device and
    /// confirms, and believes the device only when its answer is right.
    ///
    /// # Errors
    /// When any of that fails.
    pub async fn pair(
        device: &Device,
        mailbox: &Page,
        agency: AgencyHash,
        rules: &[RulePlan],
    ) -> Result<Self> {
        let code = Code::read(&device.command(&["pair"]).await?)?;
        let proposed = Self::propose(&code, mailbox, agency, rules).await?;
        waits(device, "pairing").await?;
        device.command(&["confirm"]).await?;
        let (status, answer) = mailbox
            .carry(Method::GET, &proposed.left, Vec::new())
            .await?;
        ensure!(status == 200, "the mailbox answered {status}");
        let phone = proposed.phone;
        let set = hash_of(&phone.set)?.0;
        Ok(Self {
            device_key: Some(code.check(&proposed.hello, set, &answer)?),
            ..phone
        })
    }

    /// Says to the device, by its mailbox, who is to own it.
    ///
    /// # Errors
    /// When the mailbox does not take it.
    pub async fn propose(
        code: &Code,
        mailbox: &Page,
        agency: AgencyHash,
        rules: &[RulePlan],
    ) -> Result<Proposed> {
        let phone = Self::of(code, agency, rules)?;
        let hello = code.hello(
            phone.passkey.seal(&phone.set)?,
            phone.passkey.seal(&phone.ceiling)?,
            phone.passkey.seal(&phone.policy)?,
        );
        let left = leave(mailbox, phone.to, hello.clone()).await?;
        Ok(Proposed { phone, hello, left })
    }

    /// New keys, and the first words under them.
    fn of(code: &Code, agency: AgencyHash, rules: &[RulePlan]) -> Result<Self> {
        let (key, passkey) = (Key::phone()?, Key::passkey(&code.origin)?);
        let members = vec![
            passkey.member("Maria's passkey", Role::Owner)?,
            key.member("Maria's phone", Role::Owner)?,
        ];
        let mut numbers: Vec<u16> = rules.iter().flat_map(|rule| rule.cameras.clone()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        Ok(Self {
            set: words::owner_set(code.to, None, members)?,
            ceiling: words::ceiling(code.to, None, &numbers, agency, LONGEST_SECS)?,
            policy: words::policy(code.to, None, agency, rules)?,
            to: code.to,
            device_key: None,
            key,
            passkey,
            agency,
        })
    }

    /// Something fresh to sign for `key`.
    ///
    /// # Errors
    /// When hub or device refuse, with what the page is told.
    pub async fn nonce(&self, page: &Page, key: &Key) -> Result<Nonce> {
        let given = self.ask_nonce(page, key).await?.json()?;
        let nonce = unhex(given["nonce"].as_str().context("a nonce is a text")?)?;
        Ok(Nonce(
            nonce.try_into().ok().context("a nonce has 16 bytes")?,
        ))
    }

    /// # Errors
    /// When the hub cannot be reached; a refusal is an answer.
    pub async fn ask_nonce(&self, page: &Page, key: &Key) -> Result<Answer> {
        let (path, key) = (self.path("nonces"), key.id()?.to_string());
        page.call(Method::POST, &path, Some(&json!({ "key": key })))
            .await
    }

    /// A press under `key`, with a fresh nonce.
    ///
    /// # Errors
    /// When there is no nonce.
    pub async fn sign_press(&self, page: &Page, premises: &str, key: &Key) -> Result<SignedPress> {
        let nonce = self.nonce(page, key).await?;
        self.seal_press(page, Press::new(premises), key, nonce)
            .await
    }

    /// This press, under `key`, with this nonce.
    ///
    /// # Errors
    /// When nobody is signed in.
    pub async fn seal_press(
        &self,
        page: &Page,
        press: Press,
        key: &Key,
        nonce: Nonce,
    ) -> Result<SignedPress> {
        let id = Uuid::parse_str(&press.id)?;
        let word = words::press(self.to, id, nonce, person(page).await?)?;
        let envelope = key.seal(&word)?;
        Ok(SignedPress { press, envelope })
    }

    /// Yes to an alert that asks, as the page shows it.
    ///
    /// # Errors
    /// When there is no nonce, or the hub cannot be reached; a refusal is an answer.
    pub async fn say_yes(&self, page: &Page, key: &Key, ask: &Value) -> Result<Answer> {
        let alert = ask["alertId"].as_str().context("an ask names its alert")?;
        let shown = AlertFacts {
            kind: AlertKind::new(ask["kind"].as_str().unwrap_or_default())
                .map_err(|_| anyhow!("{ask} has no kind"))?,
            agency: self.agency,
            place: place(&ask["place"]),
            source: AlertSource::new(ask["source"].as_str().unwrap_or_default())
                .map_err(|_| anyhow!("{ask} has no source"))?,
        };
        let (nonce, by) = (self.nonce(page, key).await?, person(page).await?);
        let word = words::approval(self.to, Uuid::parse_str(alert)?, nonce, shown, by);
        let body = json!({ "answer": "yes", "envelopes": [text(&key.seal(&word)?)] });
        let path = format!("api/approvals/{alert}");
        page.call(Method::PUT, &path, Some(&body)).await
    }

    /// A stop, signed by `key`. Needs no nonce.
    ///
    /// # Errors
    /// When the hub cannot be reached; a refusal is an answer.
    pub async fn revoke(&self, page: &Page, id: Uuid, key: &Key, press: &Press) -> Result<Answer> {
        let trigger = TriggerId(Uuid::parse_str(&press.id)?.into_bytes());
        let envelope = key.seal(&words::revoke(self.to, id, RevokeScope::Trigger(trigger)))?;
        let scope = json!({ "pressId": press.id });
        self.send_revoke(page, id, &scope, &envelope).await
    }

    /// A stop as somebody sealed it.
    ///
    /// # Errors
    /// When the hub cannot be reached; a refusal is an answer.
    pub async fn send_revoke(
        &self,
        page: &Page,
        id: Uuid,
        scope: &Value,
        envelope: &[u8],
    ) -> Result<Answer> {
        let body = json!({ "scope": scope, "reason": "owner", "envelopes": [text(envelope)] });
        let path = format!("api/revokes/{id}");
        page.call(Method::PUT, &path, Some(&body)).await
    }

    /// Cancels a key, by the passkey.
    ///
    /// # Errors
    /// When the hub cannot be reached; a refusal is an answer.
    pub async fn cancel(&self, page: &Page, key: &Key) -> Result<Answer> {
        let (id, key) = (Uuid::new_v4(), key.id()?);
        let word = words::revoke(self.to, id, RevokeScope::Key(key));
        let envelope = self.passkey.seal(&word)?;
        self.send_revoke(page, id, &json!({ "keyId": key.to_string() }), &envelope)
            .await
    }

    /// Lets the holder of another key in, by the passkey.
    ///
    /// # Errors
    /// When the device does not take the set.
    pub async fn admit(&mut self, page: &Page, key: &Key, name: &str, role: Role) -> Result<()> {
        let Word::OwnerSet(set) = &self.set else {
            anyhow::bail!("a phone keeps an owner set");
        };
        let mut members = set.members().to_vec();
        members.push(key.member(name, role)?);
        let set = words::owner_set(self.to, Some(&self.set), members)?;
        self.give(page, &self.passkey.seal(&set)?).await?;
        self.set = set;
        Ok(())
    }

    /// Puts new rules in force.
    ///
    /// # Errors
    /// When the device does not take them.
    pub async fn change_rules(&mut self, page: &Page, rules: &[RulePlan]) -> Result<()> {
        let policy = words::policy(self.to, Some(&self.policy), self.agency, rules)?;
        self.give(page, &self.passkey.seal(&policy)?).await?;
        self.policy = policy;
        Ok(())
    }

    /// Hands the device a word that opens nothing by itself, and insists.
    ///
    /// # Errors
    /// When it is refused, with the device's reason.
    pub async fn give(&self, page: &Page, envelope: &[u8]) -> Result<()> {
        let taken = self.offer(page, envelope).await?;
        ensure!(taken["accepted"] == true, "the device says {taken}");
        Ok(())
    }

    /// What the device says to a word that opens nothing by itself.
    ///
    /// # Errors
    /// When the hub does not pass it on.
    pub async fn offer(&self, page: &Page, envelope: &[u8]) -> Result<Value> {
        let body = json!({ "envelopes": [text(envelope)] });
        let answer = page.post(&self.path("words"), &body).await?;
        Ok(answer["words"][0].clone())
    }

    fn path(&self, what: &str) -> String {
        format!("api/devices/{}/{what}", self.to.device)
    }
}

/// Whom the hub takes this page for.
async fn person(page: &Page) -> Result<PersonId> {
    let me = page.get("api/session").await?;
    let id = me["id"].as_str().context("a person has an id")?;
    PersonId::new(id).map_err(|_| anyhow!("{id} is too long"))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "ten-millionths of a degree fit"
)]
fn place(shown: &Value) -> Option<Place> {
    let e7 = |name: &str| Some((shown[name].as_f64()? * 1e7).round() as i32);
    Place::new(e7("lat")?, e7("lon")?)
}

/// A phone that waits for the device's answer.
pub struct Proposed {
    phone: Phone,
    hello: Vec<u8>,
    /// Where the answer will be.
    left: String,
}

/// A press with what the device wants to see of it.
pub struct SignedPress {
    pub press: Press,
    pub envelope: Vec<u8>,
}

impl SignedPress {
    /// # Errors
    /// When the hub cannot be reached; a refusal is an answer.
    pub async fn send(&self, page: &Page) -> Result<Answer> {
        let mut body = self.press.body.clone();
        body["ageMs"] = 0.into();
        body["envelopes"] = json!([text(&self.envelope)]);
        let path = format!("api/presses/{}", self.press.id);
        page.call(Method::PUT, &path, Some(&body)).await
    }
}

/// Leaves a hello for the device; answers where its answer will be.
async fn leave(mailbox: &Page, to: Addressed, hello: Vec<u8>) -> Result<String> {
    let path = format!("api/mailbox/{}", to.device);
    let named = Sha256::digest(&hello);
    let (status, said) = mailbox.carry(Method::POST, &path, hello).await?;
    let said = String::from_utf8_lossy(&said);
    ensure!(status == 202, "the mailbox answered {status}: {said}");
    let hash: String = named.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{path}/{hash}"))
}

/// Waits until the device asks somebody there about `what`.
///
/// # Errors
/// When it does not.
pub async fn waits(device: &Device, what: &str) -> Result<()> {
    let until = Instant::now() + SHOWN_WITHIN;
    loop {
        let owner = device.status().await?["owner"].clone();
        if owner["waits"] == what {
            return Ok(());
        }
        ensure!(
            Instant::now() < until,
            "nobody is asked about {what}: {owner}"
        );
        sleep(LOOK_AGAIN).await;
    }
}

/// Bytes as the API writes them.
#[must_use]
pub fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
