//! All people with a role, in memory and in the store. Somebody whose role was taken stays in the store,
//! because the record names them, and is nobody here.

use super::Identity;
use super::person::{Badge, Person, Role};
use crate::audit::{Actor, Class, Event};
use crate::error::{Error, Result};
use crate::world::{AgencyId, Guarded, PersonId, PremisesId, Private, Store, millis};
use sqlx::Row;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Default)]
pub(super) struct People(Guarded<BTreeMap<PersonId, Arc<Person>>>);

impl People {
    pub(super) async fn read(store: &Store) -> Result<Self> {
        let mut people = BTreeMap::new();
        for row in
            sqlx::query("SELECT id, name, role, badge, agency FROM person WHERE revoked_at IS NULL")
                .fetch_all(store.pool())
                .await?
        {
            let person = person_from(&row)?;
            people.insert(person.id, person);
        }
        for row in sqlx::query("SELECT person, premises FROM person_premises ORDER BY premises")
            .fetch_all(store.pool())
            .await?
        {
            let (person, premises): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            let person = PersonId::parse(&person).and_then(|id| people.get_mut(&id));
            if let (Some(person), Some(premises)) = (person, PremisesId::parse(&premises)) {
                person.premises.push(premises);
            }
        }
        Ok(Self(Guarded::new(
            people
                .into_iter()
                .map(|(id, person)| (id, Arc::new(person)))
                .collect(),
        )))
    }

    pub(super) fn find(&self, id: PersonId) -> Option<Arc<Person>> {
        self.0.lock().get(&id).cloned()
    }

    fn put(&self, person: Person) -> Arc<Person> {
        let person = Arc::new(person);
        self.0.lock().insert(person.id, person.clone());
        person
    }

    fn remove(&self, id: PersonId) -> Option<Arc<Person>> {
        self.0.lock().remove(&id)
    }
}

fn person_from(row: &sqlx::any::AnyRow) -> Result<Person> {
    let id: String = row.try_get(0)?;
    let role: String = row.try_get(2)?;
    let unreadable = || Error::internal(format!("person {id} cannot be read from the store"));
    Ok(Person {
        id: PersonId::parse(&id).ok_or_else(unreadable)?,
        name: Private::new(row.try_get(1)?),
        role: Role::parse(&role).ok_or_else(unreadable)?,
        badge: row.try_get::<Option<String>, _>(3)?.map(Badge),
        agency: row
            .try_get::<Option<String>, _>(4)?
            .as_deref()
            .and_then(AgencyId::parse),
        premises: Vec::new(),
    })
}

impl Identity {
    pub fn person(&self, id: PersonId) -> Option<Arc<Person>> {
        self.people.find(id)
    }

    pub fn people(&self) -> Vec<Arc<Person>> {
        self.people.0.lock().values().cloned().collect()
    }

    /// The owners who answer for premises, in the order of their ids.
    pub fn owners_of(&self, premises: PremisesId) -> Vec<Arc<Person>> {
        self.people
            .0
            .lock()
            .values()
            .filter(|person| person.answers_for(premises))
            .cloned()
            .collect()
    }

    /// Makes a person or brings one up to date. Sessions that are open see the change at their next call.
    pub async fn put_person(&self, person: Person) -> Result<Arc<Person>> {
        let pool = self.world.store.pool();
        let mut tx = pool.begin().await?;
        sqlx::query(PUT_PERSON)
            .bind(person.id.to_string())
            .bind(person.name.reveal().clone())
            .bind(person.role.name())
            .bind(person.badge.as_ref().map(|badge| badge.0.clone()))
            .bind(person.agency.map(|id| id.to_string()))
            .bind(millis(self.world.clock.now()))
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM person_premises WHERE person = $1")
            .bind(person.id.to_string())
            .execute(&mut *tx)
            .await?;
        for premises in &person.premises {
            sqlx::query("INSERT INTO person_premises (person, premises) VALUES ($1, $2) ON CONFLICT (person, premises) DO NOTHING")
                .bind(person.id.to_string())
                .bind(premises.to_string())
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(self.people.put(person))
    }

    /// Takes somebody's role: every session ends before this returns, then it is written down. Says how
    /// many sessions that were; repeating it after a failure of the store is safe.
    pub async fn revoke_role(&self, id: PersonId, by: Actor) -> Result<usize> {
        let person = self.people.remove(id);
        let ended = self.sessions.end_all_of(id);
        let sessions = ended.len();
        self.record_ends(ended, "role revoked").await;
        let revoked = sqlx::query("UPDATE person SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL")
            .bind(millis(self.world.clock.now()))
            .bind(id.to_string())
            .execute(self.world.store.pool())
            .await
            .map_err(|e| {
                Error::unavailable("The role is taken until the hub restarts, but the store could not keep it. Repeat the command.").because(e)
            })?;
        if revoked.rows_affected() == 0 {
            return Err(Error::not_found(
                "There is nobody with this key or id who has a role.",
            ));
        }
        let detail = serde_json::json!({ "person": id, "sessions": sessions });
        let agency = person.and_then(|person| person.agency);
        self.audit
            .append(
                Event::new(Class::RoleRevoked, by)
                    .agency(agency)
                    .detail(detail),
            )
            .await?;
        Ok(sessions)
    }
}

const PUT_PERSON: &str = "INSERT INTO person (id, name, role, badge, agency, made_at) VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, role = excluded.role, badge = excluded.badge, agency = excluded.agency, revoked_at = NULL";
