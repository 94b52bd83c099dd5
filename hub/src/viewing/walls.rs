//! Walls: opening, closing, and ending with the operator's session. A wall belongs to the session that
//! opened it; for every other it does not exist.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::Viewing;
use super::note::Wall;
use crate::error::{Error, Result};
use crate::feeds::WallId;
use crate::identity::SignedIn;

/// One wall a screen.
const WALLS_A_SESSION: usize = 8;
/// All operators of a city with all their screens.
const WALLS: usize = 1_000;

impl Viewing {
    /// Opens a wall's media connection; the answer is SDP. Opening it again replaces the connection, and
    /// its tiles begin anew.
    pub async fn open_wall(&self, signed_in: &SignedIn, wall: Uuid, offer: &str) -> Result<String> {
        let wall = WallId(wall);
        let number = self.enter_wall(signed_in, wall)?;
        let answer = match self.feeds.open_wall(wall, offer).await {
            Ok(answer) => answer,
            Err(error) => {
                self.leave_wall(wall, number).await;
                return Err(error);
            }
        };
        // Ends with the session, however that ends: signed out, role lost, too old.
        let (viewing, ended) = (self.clone(), signed_in.ended.clone());
        self.tasks.spawn(async move {
            ended.cancelled().await;
            viewing.leave_wall(wall, number).await;
        });
        if signed_in.ended.is_cancelled() {
            self.leave_wall(wall, number).await;
            return Err(Error::signed_out());
        }
        Ok(answer)
    }

    pub async fn close_wall(&self, signed_in: &SignedIn, wall: Uuid) -> Result<()> {
        let wall = WallId(wall);
        let number = {
            let held = self.held.lock();
            let known = held
                .walls
                .get(&wall)
                .filter(|known| known.session == signed_in.session);
            known.map(|known| known.number).ok_or_else(unknown_wall)?
        };
        self.leave_wall(wall, number).await;
        Ok(())
    }

    fn enter_wall(&self, signed_in: &SignedIn, wall: WallId) -> Result<u64> {
        let now = self.world.clock.now();
        let number = u64::from_le_bytes(self.world.random.bytes());
        {
            let mut held = self.held.lock();
            match held.walls.get(&wall) {
                Some(known) if known.session != signed_in.session => {
                    return Err(Error::conflict(
                        "This wall belongs to somebody else. Reload the page.",
                    ));
                }
                Some(_) => {}
                None if held.walls_of(signed_in.session).len() >= WALLS_A_SESSION
                    || held.walls.len() >= WALLS =>
                {
                    return Err(Error::too_many(
                        "There are too many walls open. Close some of them.",
                    ));
                }
                None => {}
            }
            let viewings: Vec<_> = held
                .watching()
                .into_iter()
                .filter(|(at, _)| at.wall == wall)
                .map(|(_, id)| id)
                .collect();
            viewings.into_iter().for_each(|id| held.end(id, now));
            let fresh = Wall {
                session: signed_in.session,
                tiles: BTreeMap::new(),
                number,
            };
            held.walls.insert(wall, fresh);
        }
        self.touched();
        Ok(number)
    }

    /// Ends a wall and every viewing on it, unless another connection has taken its place.
    pub(super) async fn leave_wall(&self, wall: WallId, number: u64) {
        let now = self.world.clock.now();
        let closing = {
            let mut held = self.held.lock();
            if held
                .walls
                .get(&wall)
                .is_none_or(|known| known.number != number)
            {
                return;
            }
            let closing = self.feeds.close_wall(wall);
            let viewings: Vec<_> = held
                .watching()
                .into_iter()
                .filter(|(at, _)| at.wall == wall)
                .map(|(_, id)| id)
                .collect();
            viewings.into_iter().for_each(|id| held.end(id, now));
            held.walls.remove(&wall);
            closing
        };
        self.touched();
        if let Err(error) = closing.await {
            tracing::debug!(%error, "a wall's connection was gone already");
        }
    }
}

pub(super) fn unknown_wall() -> Error {
    Error::not_found("This wall is not open. Open it again.").slug("unknown-wall")
}
