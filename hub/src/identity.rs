//! Who somebody is: people and their roles, sign-in links, passkeys, sessions. Admitting works from
//! memory; a sign-out or a lost role is felt at once by everything that holds the session. What a role
//! may do stands in the routes table, not here.

mod duty;
mod links;
mod passkeys;
mod people;
mod person;
mod session;
mod sessions;

pub use duty::OnDuty;
pub use links::SignInLink;
pub use passkeys::{ChallengeId, RelyingParties};
pub use person::{Badge, Person, Role};
pub use session::{SessionId, SignedIn};

use crate::audit::Audit;
use crate::error::Result;
use crate::world::World;
use duty::Duty;
use passkeys::Passkeys;
use people::People;
use sessions::Sessions;
use std::sync::Arc;

/// A handle; clones share everything.
#[derive(Clone)]
pub struct Identity {
    world: World,
    audit: Audit,
    people: Arc<People>,
    sessions: Arc<Sessions>,
    passkeys: Arc<Passkeys>,
    duty: Arc<Duty>,
}

impl Identity {
    /// Reads people, sessions and passkeys into memory.
    pub async fn open(world: World, audit: Audit, relying: RelyingParties) -> Result<Self> {
        let people = People::read(&world.store).await?;
        let sessions = Sessions::read(&world, &people).await?;
        let passkeys = Passkeys::read(&world.store, relying).await?;
        Ok(Self {
            world,
            audit,
            people: Arc::new(people),
            sessions: Arc::new(sessions),
            passkeys: Arc::new(passkeys),
            duty: Arc::default(),
        })
    }
}

#[cfg(test)]
mod tests;
