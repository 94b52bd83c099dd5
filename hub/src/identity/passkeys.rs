//! Passkeys: registering one while signed in, and signing in with one that the browser discovers by
//! itself. Each page's host is a relying party of its own, so a key made for the console opens nothing
//! of an owner.

use super::links::belongs_here;
use super::person::Role;
use super::{Identity, SignedIn};
use crate::audit::{Actor, Class, Event};
use crate::error::{Error, Result};
use crate::world::{Guarded, PersonId, Secret, Store, Text, millis};
use serde_json::Value;
use sqlx::Row;
use std::collections::HashMap;
use time::{Duration, OffsetDateTime};
use url::Url;
use uuid::Uuid;
use webauthn_rs::prelude::{
    AuthenticationResult, CredentialID, DiscoverableAuthentication, DiscoverableKey, Passkey,
    PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, WebauthnError,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

/// Somebody looks for a security key in a drawer.
const CEREMONY_WITHIN: Duration = Duration::minutes(5);
/// Ceremonies under way at once; beyond it the oldest is forgotten.
const CEREMONIES: usize = 4_096;
const PASSKEYS_A_PERSON: usize = 20;
const LABEL_BYTES: usize = 120;

/// What the browser gets back to name its challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct ChallengeId(pub Uuid);

/// One WebAuthn relying party a page.
pub struct RelyingParties {
    console: (String, Webauthn),
    owner: (String, Webauthn),
}

impl RelyingParties {
    /// Hosts are relying-party ids; any port is accepted, because a tunnel changes it.
    pub fn new(console_host: &str, owner_host: &str, https: bool) -> Result<Self> {
        let party = |host: &str| {
            let scheme = if https { "https" } else { "http" };
            let refuse = |e: String| {
                Error::invalid(format!("The host name {host} cannot carry passkeys.")).because(e)
            };
            let origin =
                Url::parse(&format!("{scheme}://{host}")).map_err(|e| refuse(e.to_string()))?;
            let built = WebauthnBuilder::new(host, &origin)
                .and_then(|b| b.rp_name("Assent").allow_any_port(true).build());
            built
                .map(|webauthn| (host.to_owned(), webauthn))
                .map_err(|e| refuse(e.to_string()))
        };
        Ok(Self {
            console: party(console_host)?,
            owner: party(owner_host)?,
        })
    }

    fn of(&self, page: Role) -> &(String, Webauthn) {
        match page {
            Role::Operator => &self.console,
            Role::Owner => &self.owner,
        }
    }
}

enum Ceremony {
    Register(PersonId, PasskeyRegistration),
    SignIn(DiscoverableAuthentication),
}

struct Kept {
    person: PersonId,
    host: String,
    passkey: Passkey,
}

pub(super) struct Passkeys {
    relying: RelyingParties,
    kept: Guarded<HashMap<Vec<u8>, Kept>>,
    ceremonies: Guarded<HashMap<ChallengeId, (OffsetDateTime, Role, Ceremony)>>,
}

impl Passkeys {
    pub(super) async fn read(store: &Store, relying: RelyingParties) -> Result<Self> {
        let mut kept = HashMap::new();
        for row in sqlx::query("SELECT credential, person, host, passkey FROM passkey")
            .fetch_all(store.pool())
            .await?
        {
            let (person, json): (String, String) = (row.try_get(1)?, row.try_get(3)?);
            let passkey = serde_json::from_str(&json).map_err(Error::internal)?;
            if let Some(person) = PersonId::parse(&person) {
                kept.insert(
                    row.try_get(0)?,
                    Kept {
                        person,
                        host: row.try_get(2)?,
                        passkey,
                    },
                );
            }
        }
        Ok(Self {
            relying,
            kept: Guarded::new(kept),
            ceremonies: Guarded::default(),
        })
    }

    fn begin(&self, id: ChallengeId, now: OffsetDateTime, page: Role, ceremony: Ceremony) {
        let mut ceremonies = self.ceremonies.lock();
        ceremonies.retain(|_, (since, _, _)| now - *since < CEREMONY_WITHIN);
        if ceremonies.len() >= CEREMONIES {
            let oldest = ceremonies
                .iter()
                .min_by_key(|(_, (since, _, _))| *since)
                .map(|(id, _)| *id);
            oldest.and_then(|id| ceremonies.remove(&id));
        }
        ceremonies.insert(id, (now, page, ceremony));
    }

    /// Each challenge is answered once, on the page that asked for it.
    fn take(&self, id: ChallengeId, now: OffsetDateTime, page: Role) -> Result<Ceremony> {
        match self.ceremonies.lock().remove(&id) {
            Some((since, asked_on, ceremony))
                if now - since < CEREMONY_WITHIN && asked_on == page =>
            {
                Ok(ceremony)
            }
            _ => {
                Err(Error::gone("This passkey request is over. Begin again.")
                    .slug("challenge-over"))
            }
        }
    }
}

impl Identity {
    pub fn passkeys_of(&self, person: PersonId) -> usize {
        self.passkeys
            .kept
            .lock()
            .values()
            .filter(|kept| kept.person == person)
            .count()
    }

    /// The browser's options for making a passkey, as WebAuthn writes them in JSON.
    pub fn begin_passkey(&self, signed_in: &SignedIn) -> Result<(ChallengeId, Value)> {
        let person = &signed_in.person;
        let (host, webauthn) = self.passkeys.relying.of(person.role);
        let own: Vec<CredentialID> = {
            let kept = self.passkeys.kept.lock();
            kept.values()
                .filter(|k| k.person == person.id && k.host == *host)
                .map(|k| k.passkey.cred_id().clone())
                .collect()
        };
        if own.len() >= PASSKEYS_A_PERSON {
            return Err(Error::conflict(
                "You have as many passkeys as the hub keeps for one person.",
            ));
        }
        let name = person.name.reveal();
        let (options, state) = webauthn
            .start_passkey_registration(person.id.0, name, name, Some(own))
            .map_err(Error::internal)?;
        let mut options = serde_json::to_value(options.public_key).map_err(Error::internal)?;
        // The library asks for any key; signing in without a name needs one that the browser can discover.
        if let Some(selection) = options.get_mut("authenticatorSelection") {
            selection["residentKey"] = "required".into();
            selection["requireResidentKey"] = true.into();
        }
        let id = ChallengeId(self.world.random.id());
        self.passkeys.begin(
            id,
            self.world.clock.now(),
            person.role,
            Ceremony::Register(person.id, state),
        );
        Ok((id, options))
    }

    pub async fn finish_passkey(
        &self,
        signed_in: &SignedIn,
        id: ChallengeId,
        credential: Value,
        label: &str,
    ) -> Result<()> {
        let (person, now) = (&signed_in.person, self.world.clock.now());
        let Ceremony::Register(asked_by, state) = self.passkeys.take(id, now, person.role)? else {
            return Err(not_understood("not a registration"));
        };
        if asked_by != person.id {
            return Err(not_understood("challenge of somebody else"));
        }
        let credential: RegisterPublicKeyCredential =
            serde_json::from_value(credential).map_err(not_understood)?;
        let (host, webauthn) = self.passkeys.relying.of(person.role);
        let passkey = webauthn
            .finish_passkey_registration(&credential, &state)
            .map_err(not_accepted)?;
        let label = Text::<LABEL_BYTES>::cleaned(label).into_string();
        self.audit
            .append(Event::new(Class::PasskeyAdded, Actor::Person(person.id)).agency(person.agency))
            .await?;
        let added = sqlx::query("INSERT INTO passkey (credential, person, host, label, passkey, made_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (credential) DO NOTHING")
            .bind(passkey.cred_id().to_vec())
            .bind(person.id.to_string())
            .bind(host.clone())
            .bind(label)
            .bind(serde_json::to_string(&passkey).map_err(Error::internal)?)
            .bind(millis(now))
            .execute(self.world.store.pool())
            .await?;
        if added.rows_affected() == 0 {
            return Err(Error::conflict("This passkey is registered already."));
        }
        self.passkeys.kept.lock().insert(
            passkey.cred_id().to_vec(),
            Kept {
                person: person.id,
                host: host.clone(),
                passkey,
            },
        );
        Ok(())
    }

    /// Options for a sign-in in which the browser finds the passkey by itself.
    pub fn begin_sign_in(&self, page: Role) -> Result<(ChallengeId, Value)> {
        let (_, webauthn) = self.passkeys.relying.of(page);
        let (options, state) = webauthn
            .start_discoverable_authentication()
            .map_err(Error::internal)?;
        let id = ChallengeId(self.world.random.id());
        self.passkeys
            .begin(id, self.world.clock.now(), page, Ceremony::SignIn(state));
        Ok((
            id,
            serde_json::to_value(options.public_key).map_err(Error::internal)?,
        ))
    }

    pub async fn sign_in_by_passkey(
        &self,
        page: Role,
        id: ChallengeId,
        credential: Value,
    ) -> Result<(Secret, SignedIn)> {
        let Ceremony::SignIn(state) = self.passkeys.take(id, self.world.clock.now(), page)? else {
            return Err(not_understood("not a sign-in"));
        };
        let credential: PublicKeyCredential =
            serde_json::from_value(credential).map_err(not_understood)?;
        let (host, webauthn) = self.passkeys.relying.of(page);
        let known = {
            let kept = self.passkeys.kept.lock();
            kept.get(credential.get_credential_id())
                .filter(|k| k.host == *host)
                .map(|k| (k.person, DiscoverableKey::from(&k.passkey)))
        };
        let (person, key) = known.ok_or_else(unknown_passkey)?;
        let result = webauthn
            .finish_discoverable_authentication_v2(&credential, state, &key)
            .map_err(not_accepted)?;
        let person = self.person(person).ok_or_else(unknown_passkey)?;
        belongs_here(&person, page)?;
        self.note_use(credential.get_credential_id(), &result)
            .await?;
        self.begin_session(person, "passkey", async |_| Ok(()))
            .await
    }

    /// Keeps the counter, by which a copied key would show itself.
    async fn note_use(&self, credential: &[u8], result: &AuthenticationResult) -> Result<()> {
        let json = {
            let mut kept = self.passkeys.kept.lock();
            let Some(kept) = kept.get_mut(credential) else {
                return Ok(());
            };
            kept.passkey.update_credential(result);
            serde_json::to_string(&kept.passkey).map_err(Error::internal)?
        };
        sqlx::query("UPDATE passkey SET passkey = $1, used_at = $2 WHERE credential = $3")
            .bind(json)
            .bind(millis(self.world.clock.now()))
            .bind(credential.to_vec())
            .execute(self.world.store.pool())
            .await?;
        Ok(())
    }
}

fn not_understood(e: impl ToString) -> Error {
    Error::invalid("The browser's answer about the passkey cannot be understood.")
        .because(e.to_string())
}

fn not_accepted(e: WebauthnError) -> Error {
    Error::forbidden("The passkey was not accepted. Begin again, or ask for a sign-in link.")
        .slug("passkey-refused")
        .because(e)
}

fn unknown_passkey() -> Error {
    Error::forbidden(
        "The hub does not know this passkey. Use another one, or ask for a sign-in link.",
    )
    .slug("passkey-unknown")
}
