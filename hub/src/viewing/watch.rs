//! What ends or changes viewings from below: shares that end, walls whose connection is lost, first
//! frames. All of it from memory, and all of it looked at again whole when a message was missed.

use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::Viewing;
use super::page::why_over;
use crate::feeds::{Happening, TilePhase, WallId};
use crate::world::ViewingId;

impl Viewing {
    /// Runs until told to finish.
    pub async fn watch(self, finish: CancellationToken) {
        let mut shares = self.sharing.changes();
        let mut happenings = self.feeds.happenings();
        loop {
            tokio::select! {
                biased;
                changed = shares.changed() => match changed {
                    Ok(()) => self.end_what_is_not_shared().await,
                    Err(_) => return,
                },
                happening = happenings.recv() => match happening {
                    Ok(happening) => self.learn(happening).await,
                    Err(RecvError::Lagged(_)) => self.catch_up(),
                    Err(RecvError::Closed) => return,
                },
                () = finish.cancelled() => break,
            }
        }
        self.tasks.close();
    }

    async fn learn(&self, happening: Happening) {
        match happening {
            Happening::FirstFrame { viewing } => self.first_frame(viewing),
            Happening::WallGone { wall } => self.wall_gone(wall).await,
        }
    }

    fn first_frame(&self, viewing: ViewingId) {
        let now = self.world.clock.now();
        let camera = self.held.lock().first_frame(viewing, now);
        if let Some(camera) = camera {
            self.sharing.on_wall(camera, now);
            self.touched();
        }
    }

    async fn wall_gone(&self, wall: WallId) {
        let number = self.held.lock().walls.get(&wall).map(|wall| wall.number);
        if let Some(number) = number {
            self.leave_wall(wall, number).await;
        }
    }

    /// The fan-out of a stopped camera has ended already; here its viewings end and its tiles say why.
    async fn end_what_is_not_shared(&self) {
        let now = self.world.clock.now();
        let (hiding, ended) = {
            let mut held = self.held.lock();
            let mut hiding = Vec::new();
            let mut ended = false;
            for (at, id) in held.watching() {
                let Some(view) = held.active.get(&id) else {
                    continue;
                };
                let (camera, shown) = (view.camera, self.sharing.shown(view.camera, view.agency));
                match shown {
                    Some(shown) => {
                        let Some(tile) = held
                            .tile(at)
                            .filter(|tile| tile.look.audible && !shown.rights.audio)
                        else {
                            continue;
                        };
                        tile.look.audible = false;
                        hiding.push(futures::future::Either::Left(
                            self.feeds.look(at, tile.look),
                        ));
                    }
                    None => {
                        hiding.push(futures::future::Either::Right(self.feeds.hide(at)));
                        if let Some(tile) = held.tile(at) {
                            tile.viewing = None;
                            tile.since = now;
                            tile.over = Some(why_over(self.sharing.last_end(camera)));
                        }
                        held.end(id, now);
                        ended = true;
                    }
                }
            }
            (hiding, ended)
        };
        if ended {
            self.touched();
        }
        for order in hiding {
            if let Err(error) = order.await {
                tracing::debug!(%error, "a tile's connection was gone already");
            }
        }
    }

    /// Happenings were missed: what feeds says about each tile now tells the same.
    fn catch_up(&self) {
        let watching = self.held.lock().watching();
        for (at, viewing) in watching {
            match self.feeds.tile(at).map(|state| state.phase) {
                Some(TilePhase::Live | TilePhase::Stalled | TilePhase::Reconnecting) => {
                    self.first_frame(viewing)
                }
                Some(TilePhase::Connecting) | None => {}
            }
        }
    }
}
