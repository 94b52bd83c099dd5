//! An operator's wall without a browser: one receiving WebRTC peer (str0m over real UDP) with a few
//! slots and one line for sound, that counts the frames each gets and when. It decodes nothing.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::media::{Direction, MediaData, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use super::page::Page;
use crate::picture;

const LOOK_AGAIN: Duration = Duration::from_millis(5);
const LARGEST_DATAGRAM: usize = 2_048;

/// What a line has received so far.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub frames: u64,
    pub bytes: u64,
    pub first_at: Option<SystemTime>,
    pub last_at: Option<Instant>,
    /// The newest frame, H.264 in Annex B.
    pub latest: Option<Arc<[u8]>>,
    /// The newest frame that a decoder can begin with.
    pub key: Option<Arc<[u8]>>,
}

/// One of each line of the peer connection.
struct Lines<T> {
    tiles: Vec<T>,
    sound: T,
}

pub struct Wall {
    pub id: String,
    page: Page,
    seen: Arc<Mutex<Lines<Seen>>>,
    driver: JoinHandle<Result<()>>,
}

impl Wall {
    /// Opens a wall of `slots` tiles; media arrives on `address`, from where the hub is reachable.
    ///
    /// # Errors
    /// When the hub refuses it.
    pub async fn open(page: &Page, slots: usize, address: IpAddr) -> Result<Self> {
        let socket = UdpSocket::bind(SocketAddr::new(address, 0)).await?;
        let local = socket.local_addr()?;
        let mut rtc = RtcConfig::new()
            .clear_codecs()
            .enable_h264(true)
            .enable_opus(true, false)
            .build(std::time::Instant::now());
        rtc.add_local_candidate(Candidate::host(local, "udp")?);
        let (offer, pending, mids) = offer(&mut rtc, slots)?;
        let id = Uuid::new_v4().to_string();
        let ticket = page.post("api/tickets", &json!({ "use": "wall" })).await?;
        let ticket = ticket["ticket"].as_str().context("a ticket is a text")?;
        let answer = page
            .put_sdp(&format!("api/walls/{id}?ticket={ticket}"), offer)
            .await?;
        ensure!(
            answer.status == 201,
            "the hub answered {}: {}",
            answer.status,
            answer.text
        );
        rtc.sdp_api()
            .accept_answer(pending, SdpAnswer::from_sdp_string(&answer.text)?)?;
        let seen = Arc::new(Mutex::new(Lines {
            tiles: vec![Seen::default(); slots],
            sound: Seen::default(),
        }));
        let driver = tokio::spawn(drive(rtc, socket, local, mids, Arc::clone(&seen)));
        Ok(Self {
            id,
            page: page.clone(),
            seen,
            driver,
        })
    }

    /// Puts a camera into a slot; the hub records the viewing first.
    ///
    /// # Errors
    /// When the hub refuses.
    pub async fn show(&self, slot: usize, camera: Option<&str>) -> Result<Value> {
        self.put(slot, camera, false).await
    }

    /// The same with its sound, as far as the owner shares it.
    ///
    /// # Errors
    /// When the hub refuses.
    pub async fn listen(&self, slot: usize, camera: &str) -> Result<Value> {
        self.put(slot, Some(camera), true).await
    }

    async fn put(&self, slot: usize, camera: Option<&str>, audible: bool) -> Result<Value> {
        let path = format!("api/walls/{}/tiles/{slot}", self.id);
        let tile =
            json!({ "cameraId": camera, "size": "large", "visible": true, "audible": audible });
        self.page.put(&path, &tile).await
    }

    #[must_use]
    pub fn seen(&self, slot: usize) -> Seen {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.tiles.get(slot).cloned().unwrap_or_default()
    }

    /// What has come to the line for sound.
    #[must_use]
    pub fn heard(&self) -> Seen {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.sound.clone()
    }

    /// Waits for a frame that is newer than what was seen at the call.
    ///
    /// # Errors
    /// After `patience`.
    pub async fn next_frame(&self, slot: usize, patience: Duration) -> Result<Seen> {
        let before = self.seen(slot).frames;
        let until = Instant::now() + patience;
        loop {
            let seen = self.seen(slot);
            if seen.frames > before {
                return Ok(seen);
            }
            if self.driver.is_finished() {
                bail!("the wall's connection has ended");
            }
            ensure!(
                Instant::now() < until,
                "no frame in slot {slot} within {patience:?}"
            );
            sleep(LOOK_AGAIN).await;
        }
    }

    /// Waits until no frame has come for `quiet`, and says when the last one came.
    ///
    /// # Errors
    /// When frames still come after `patience`.
    pub async fn silence(
        &self,
        slot: usize,
        quiet: Duration,
        patience: Duration,
    ) -> Result<Instant> {
        let began = Instant::now();
        loop {
            let last = self.seen(slot).last_at.unwrap_or(began);
            if last.elapsed() >= quiet {
                return Ok(last);
            }
            ensure!(
                began.elapsed() < patience,
                "frames still come in slot {slot} after {patience:?}"
            );
            sleep(LOOK_AGAIN).await;
        }
    }

    /// # Errors
    /// When the hub cannot be reached.
    pub async fn close(self) -> Result<()> {
        self.page.delete(&format!("api/walls/{}", self.id)).await?;
        Ok(())
    }
}

impl Drop for Wall {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

fn offer(rtc: &mut Rtc, slots: usize) -> Result<(String, SdpPendingOffer, Lines<Mid>)> {
    let mut changes = rtc.sdp_api();
    let mut line = |kind| changes.add_media(kind, Direction::RecvOnly, None, None, None);
    let mids = Lines {
        tiles: (0..slots).map(|_| line(MediaKind::Video)).collect(),
        sound: line(MediaKind::Audio),
    };
    let (offer, pending) = changes.apply().context("a wall has at least one slot")?;
    Ok((offer.to_sdp_string(), pending, mids))
}

/// One loop owns the peer: send what it wants sent, feed it what arrives, tell it the time.
async fn drive(
    mut rtc: Rtc,
    socket: UdpSocket,
    local: SocketAddr,
    mids: Lines<Mid>,
    seen: Arc<Mutex<Lines<Seen>>>,
) -> Result<()> {
    let mut datagram = vec![0u8; LARGEST_DATAGRAM];
    loop {
        let next = match rtc.poll_output()? {
            Output::Timeout(next) => next,
            Output::Transmit(out) => {
                // A hub that has gone answers with ICMP; ICE notices by itself.
                let _ = socket.send_to(&out.contents, out.destination).await;
                continue;
            }
            Output::Event(Event::MediaData(frame)) => {
                note(&frame, &mids, &seen);
                continue;
            }
            Output::Event(_) => continue,
        };
        let wait = next.saturating_duration_since(std::time::Instant::now());
        let input = match timeout(wait, socket.recv_from(&mut datagram)).await {
            Ok(Ok((length, source))) => Input::Receive(
                std::time::Instant::now(),
                Receive {
                    proto: Protocol::Udp,
                    source,
                    destination: local,
                    contents: datagram.get(..length).unwrap_or_default().try_into()?,
                },
            ),
            Ok(Err(_)) | Err(_) => Input::Timeout(std::time::Instant::now()),
        };
        rtc.handle_input(input)?;
        ensure!(rtc.is_alive(), "the peer has ended");
    }
}

fn note(frame: &MediaData, mids: &Lines<Mid>, seen: &Mutex<Lines<Seen>>) {
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    if frame.mid == mids.sound {
        seen.sound.count(frame);
        return;
    }
    let slot = mids.tiles.iter().position(|mid| *mid == frame.mid);
    if let Some(seen) = slot.and_then(|slot| seen.tiles.get_mut(slot)) {
        seen.count(frame);
        seen.latest = Some(Arc::clone(&frame.data));
        if picture::begins(&frame.data) {
            seen.key = Some(Arc::clone(&frame.data));
        }
    }
}

impl Seen {
    fn count(&mut self, frame: &MediaData) {
        self.frames += 1;
        self.bytes += frame.data.len() as u64;
        self.first_at.get_or_insert_with(SystemTime::now);
        self.last_at = Some(Instant::now());
    }
}
