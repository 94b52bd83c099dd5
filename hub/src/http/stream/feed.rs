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

/// Ten rounds a second in the long run: a page cannot show more.
const ROUND: Duration = Duration::from_millis(100);
/// Rounds that may come early, because what follows a press comes in quick steps: received, asked, live.
const EARLY: u32 = 5;
/// Changes that come together are told together.
const GATHER: Duration = Duration::from_millis(10);
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
        let mut own = Own::of(&self.front, &self.signed_in);
        let mut pace = Pace::new(Instant::now());
        let mut alive = interval(ALIVE);
        alive.reset();
        loop {
            let next = pace.round(Instant::now());
            self.tell(&own.take_stale()).await?;
            if self.front.draining.is_cancelled() {
                return Ok("draining");
            }
            let (ended, draining) = (self.signed_in.ended.clone(), self.front.draining.clone());
            let pause = async {
                sleep_until(next).await;
                own.changed().await;
            };
            tokio::select! {
                biased;
                () = ended.cancelled() => return Ok("signedOut"),
                () = draining.cancelled() => own.all_stale(),
                () = self.out.closed() => return Err(Gone),
                () = pause => {}
                _ = alive.tick() => {
                    self.front.hub.identity.seen(&self.signed_in);
                    self.send(frames::alive()).await?;
                    own.all_stale();
                }
            }
        }
    }

    async fn tell(&mut self, stale: &[&'static Section]) -> Result<(), Gone> {
        // What somebody answers for may have changed since the stream began.
        if let Some(person) = self.front.hub.identity.person(self.signed_in.person.id) {
            self.signed_in.person = person;
        }
        for section in stale {
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

/// When the next round may be: at once as long as there were few, else a tenth of a second after the last.
struct Pace {
    /// When the rounds so far would all have been due, evenly spaced.
    due: Instant,
}

impl Pace {
    fn new(now: Instant) -> Self {
        Self { due: now }
    }

    /// Counts a round; says when the next one may be.
    fn round(&mut self, now: Instant) -> Instant {
        self.due = self.due.max(now) + ROUND;
        (self.due - ROUND * EARLY).max(now + GATHER)
    }
}

/// The sections of one page, and which of them may say something else by now.
struct Own {
    sections: Vec<(&'static Section, bool)>,
    /// Index of a section, and a channel that moves it.
    changes: Vec<(usize, watch::Receiver<u64>)>,
}

impl Own {
    fn of(front: &Front, signed_in: &SignedIn) -> Self {
        let sections = sections::of(signed_in.person.role);
        let channels = |(index, section): (usize, &&'static Section)| {
            let channels = (section.changes)(front);
            channels.into_iter().map(move |channel| (index, channel))
        };
        let changes = sections.iter().enumerate().flat_map(channels).collect();
        Self {
            sections: sections
                .into_iter()
                .map(|section| (section, true))
                .collect(),
            changes,
        }
    }

    fn all_stale(&mut self) {
        self.sections
            .iter_mut()
            .for_each(|(_, stale)| *stale = true);
    }

    /// Everything that has changed up to now; a change that comes later is not lost.
    fn take_stale(&mut self) -> Vec<&'static Section> {
        for (index, channel) in &mut self.changes {
            if channel.has_changed().unwrap_or(false) {
                channel.mark_unchanged();
                self.sections[*index].1 = true;
            }
        }
        let stale = self
            .sections
            .iter_mut()
            .filter_map(|(section, stale)| std::mem::take(stale).then_some(*section));
        stale.collect()
    }

    /// Waits for any change. A channel whose sender is gone never changes again.
    async fn changed(&mut self) {
        loop {
            if self.changes.is_empty() {
                return std::future::pending().await;
            }
            let waiting = self
                .changes
                .iter_mut()
                .map(|(_, channel)| Box::pin(channel.changed()));
            let (result, at, _) = select_all(waiting).await;
            if result.is_err() {
                self.changes.swap_remove(at);
                continue;
            }
            let section = self.changes[at].0;
            self.sections[section].1 = true;
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_steps_are_told_at_once_and_a_storm_ten_times_a_second() {
        let begin = Instant::now() + Duration::from_secs(60);
        let mut pace = Pace::new(begin);
        let mut now = begin;
        let mut rounds = 0;
        while now < begin + Duration::from_secs(10) {
            now = pace.round(now);
            rounds += 1;
            if rounds == EARLY {
                assert!(now - begin <= GATHER * EARLY, "the first steps waited");
            }
        }
        assert!(
            (95..=106).contains(&rounds),
            "{rounds} rounds in ten seconds"
        );
        let rested = now + Duration::from_secs(5);
        assert_eq!(pace.round(rested), rested + GATHER);
    }
}
