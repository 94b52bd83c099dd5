//! The task behind one open page: waits until something of its sections changed, makes them anew,
//! sends those whose bytes differ. It ends with the session, the hub, or the page.

use super::frames;
use super::sections::{self, Section};
use super::viewers::{Content, Place, content};
use crate::http::Front;
use crate::identity::SignedIn;
use bytes::Bytes;
use futures::future::select_all;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, interval, sleep_until, timeout};

/// At most ten rounds a second; a page cannot show more, and the first change never waits.
const ROUND: Duration = Duration::from_millis(100);
/// Pages take 22 s of silence for a loss. Things that only time changes are noticed here as well.
const ALIVE: Duration = Duration::from_secs(7);
/// A page that takes nothing for so long is gone, whatever its connection says.
const TAKEN_WITHIN: Duration = Duration::from_secs(20);

struct Feed {
    front: Front,
    signed_in: SignedIn,
    place: Place,
    seen: u64,
    sent: BTreeMap<&'static str, Content>,
    out: mpsc::Sender<Bytes>,
}

/// The page went away, or does not take what it is sent.
struct Gone;

pub(super) async fn run(
    front: Front,
    signed_in: SignedIn,
    place: Place,
    seen: u64,
    out: mpsc::Sender<Bytes>,
) {
    // Held as long as the stream: this is what being on duty means.
    let on_duty = front.hub.identity.come_on_duty(&signed_in);
    let mut feed = Feed {
        front,
        signed_in,
        place,
        seen,
        sent: BTreeMap::new(),
        out,
    };
    let said = feed.follow().await;
    drop(on_duty);
    if let Ok(reason) = said {
        // The page may be gone already; then there is nobody to tell.
        let _gone = feed.send(frames::bye(reason)).await;
    }
}

impl Feed {
    /// Returns why it ended, for the page.
    async fn follow(&mut self) -> Result<&'static str, Gone> {
        let own = sections::of(self.signed_in.person.role);
        let mut changes: Vec<watch::Receiver<u64>> = own
            .iter()
            .flat_map(|section| (section.changes)(&self.front))
            .collect();
        let mut alive = interval(ALIVE);
        alive.reset();
        loop {
            let round = Instant::now();
            changes
                .iter_mut()
                .for_each(|change| drop(change.borrow_and_update()));
            self.tell(&own).await?;
            if self.front.draining.is_cancelled() {
                return Ok("draining");
            }
            let (ended, draining) = (self.signed_in.ended.clone(), self.front.draining.clone());
            let pause = async {
                sleep_until(round + ROUND).await;
                changed(&mut changes).await;
            };
            tokio::select! {
                biased;
                () = ended.cancelled() => return Ok("signedOut"),
                () = draining.cancelled() => {}
                () = self.out.closed() => return Err(Gone),
                () = pause => {}
                _ = alive.tick() => {
                    self.front.hub.identity.seen(&self.signed_in);
                    self.send(frames::alive()).await?;
                }
            }
        }
    }

    async fn tell(&mut self, own: &[&'static Section]) -> Result<(), Gone> {
        for section in own {
            let json = match (section.render)(&self.front, &self.signed_in) {
                Ok(json) => json,
                Err(error) => {
                    tracing::error!(section = section.name, %error, "a section could not be made");
                    continue;
                }
            };
            let content = content(&json);
            if self.sent.get(section.name) == Some(&content) {
                continue;
            }
            let number = self.place.number(section.name, content);
            let news = self.sent.insert(section.name, content).is_some() || number > self.seen;
            if news {
                self.send(frames::section(section.name, number, &json))
                    .await?;
            }
        }
        Ok(())
    }

    async fn send(&self, frame: Bytes) -> Result<(), Gone> {
        match timeout(TAKEN_WITHIN, self.out.send(frame)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Gone),
        }
    }
}

/// Waits for any of them. A channel whose sender is gone never changes again.
async fn changed(changes: &mut Vec<watch::Receiver<u64>>) {
    loop {
        if changes.is_empty() {
            return std::future::pending().await;
        }
        let (result, index, _) =
            select_all(changes.iter_mut().map(|change| Box::pin(change.changed()))).await;
        if result.is_ok() {
            return;
        }
        changes.swap_remove(index);
    }
}
