//! Moves the frames of one layer from its ring into RTP packets of one track, as long as the valve is
//! open and somebody wants the layer: the current group of pictures first, then live. Sockets and
//! encryption are the peer's.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rtc::rtp;
use tokio::sync::watch;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::media_stream::track_local::{TrackLocal, TrackLocalEvent};

use super::demand::{Layer, Wanted};
use super::key_request;
use super::packetise;
use super::uplink::Uplink;
use crate::camera::{Following, Frame, Ring, Ticks};
use crate::valve::Valve;

/// Pictures of the past are shown as fast as they can be decoded: their times are squeezed to this many
/// ticks apart, ending at the true time of the newest.
const SQUEEZED: i64 = 2 * Ticks::PER_MILLI;

/// The same for pictures that are sent again: four seconds of them at 30 a second still end before the
/// next one.
const SENT_AGAIN: i64 = 12;
/// A replay is many times what the picture needs.
const REPLAY_EVERY: Duration = Duration::from_secs(1);

/// Where one layer's packets come from and go to.
pub(super) struct Feed {
    pub layer: Layer,
    pub ring: Ring,
    pub valve: Arc<Valve>,
    pub wanted: watch::Receiver<Wanted>,
    pub uplink: Arc<Uplink>,
    /// How old the beginning may be.
    pub reach: Duration,
    pub track: Arc<TrackLocalStaticRTP>,
    pub numbers: Numbers,
}

/// What the packets of a track carry in their headers.
#[derive(Debug)]
pub(super) struct Numbers {
    pub ssrc: u32,
    pub payload_type: u8,
    pub sequence: u16,
    /// Added to every time, so that nothing can be read from it.
    pub base: u32,
    pub last: Option<Ticks>,
}

/// Why a feed ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// The gate shut the valve.
    Shut,
    /// The connection takes no more packets.
    Lost,
}

impl Feed {
    pub(super) async fn run(mut self) -> Ended {
        loop {
            let layer = self.layer;
            if self
                .wanted
                .wait_for(|wanted| wanted.has(layer))
                .await
                .is_err()
            {
                return Ended::Lost;
            }
            let following = self.ring.follow(Instant::now(), self.reach);
            if let Err(ended) = self.follow(following).await {
                return ended;
            }
        }
    }

    /// Sends until the layer is not wanted any more.
    async fn follow(&mut self, mut following: Following) -> Result<(), Ended> {
        self.send_past(following.take_backlog()).await?;
        let track = Arc::clone(&self.track);
        let mut replayed = Instant::now();
        loop {
            tokio::select! {
                event = track.poll() => {
                    let Some(TrackLocalEvent::OnRtcpPacket(packets)) = event else { return Err(Ended::Lost) };
                    if key_request::any(&packets) && replayed.elapsed() >= REPLAY_EVERY {
                        replayed = Instant::now();
                        following = self.ring.follow(replayed, self.reach);
                        self.send_past(following.take_backlog()).await?;
                    }
                }
                frame = following.next() => {
                    let frame = frame.ok_or(Ended::Lost)?;
                    self.uplink.charge(frame.data.len(), Instant::now());
                    self.send(&frame, frame.at).await?;
                }
                changed = self.wanted.changed() => {
                    changed.map_err(|_| Ended::Lost)?;
                    if !self.wanted.borrow().has(self.layer) {
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn send_past(&mut self, frames: VecDeque<Arc<Frame>>) -> Result<(), Ended> {
        let times = squeezed(&frames, self.numbers.last);
        for (frame, at) in frames.iter().zip(times) {
            let wait = self.uplink.reserve(frame.data.len(), Instant::now());
            if wait > Duration::from_millis(1) {
                tokio::time::sleep(wait).await;
            }
            self.send(frame, at).await?;
        }
        Ok(())
    }

    async fn send(&mut self, frame: &Frame, at: Ticks) -> Result<(), Ended> {
        let payloads = match self.layer {
            Layer::Main | Layer::Sub => packetise::h264(&frame.data),
            Layer::Audio => vec![frame.data.clone()],
        };
        let last = payloads.len().saturating_sub(1);
        self.numbers.last = self.numbers.last.max(Some(at));
        for (index, payload) in payloads.into_iter().enumerate() {
            // The outlet asks again at the socket; what is known to stay need not queue up for it.
            if !self.valve.lets(self.layer.carries()) {
                return Err(Ended::Shut);
            }
            let packet = self.packet(payload, at, index == last);
            self.track
                .write_rtp(packet)
                .await
                .map_err(|_| Ended::Lost)?;
        }
        Ok(())
    }

    fn packet(&mut self, payload: Bytes, at: Ticks, last: bool) -> rtp::Packet {
        let sequence_number = self.numbers.sequence;
        self.numbers.sequence = sequence_number.wrapping_add(1);
        let header = rtp::header::Header {
            version: 2,
            marker: last && self.layer != Layer::Audio,
            payload_type: self.numbers.payload_type,
            sequence_number,
            timestamp: self.timestamp(at),
            ssrc: self.numbers.ssrc,
            ..Default::default()
        };
        rtp::Packet { header, payload }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "RTP times wrap at 32 bits"
    )]
    fn timestamp(&self, at: Ticks) -> u32 {
        let ticks = match self.layer {
            Layer::Main | Layer::Sub => at.0,
            // Opus counts in 48,000 a second.
            Layer::Audio => at.0 * 8 / 15,
        };
        (ticks as u32).wrapping_add(self.numbers.base)
    }
}

/// Times for frames of the past: close together, ending at the true time of the newest, and after
/// everything that was sent before. Sent a second time, they are squeezed into the moment before the
/// next picture.
fn squeezed(frames: &VecDeque<Arc<Frame>>, sent: Option<Ticks>) -> Vec<Ticks> {
    let Some(newest) = frames.iter().map(|frame| frame.at).max() else {
        return Vec::new();
    };
    let count = i64::try_from(frames.len()).unwrap_or(i64::MAX);
    let room = sent.map_or(i64::MAX, |sent| newest.0 - sent.0);
    let (last, step) = match sent {
        Some(sent) if room < count * SENT_AGAIN => (sent.0 + count * SENT_AGAIN, SENT_AGAIN),
        Some(_) | None => (newest.0, (room / count).min(SQUEEZED)),
    };
    (1..=count)
        .map(|place| Ticks(last - (count - place) * step))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frames(times: &[i64]) -> VecDeque<Arc<Frame>> {
        let frame = |at: &i64| {
            Arc::new(Frame {
                data: Bytes::new(),
                at: Ticks(*at),
                received: Instant::now(),
                key: false,
            })
        };
        times.iter().map(frame).collect()
    }

    #[test]
    fn the_past_is_squeezed_against_its_newest_picture() {
        let times = squeezed(&frames(&[0, 6_000, 12_000]), None);
        assert_eq!(
            times,
            [Ticks(12_000 - 360), Ticks(12_000 - 180), Ticks(12_000)]
        );
    }

    proptest! {
        #[test]
        fn squeezed_times_rise_and_come_after_what_was_sent(
            count in 1usize..200, step in 100i64..9_000, gap in -2_000i64..100_000,
        ) {
            let own: Vec<i64> = (0..count as i64).map(|index| index * step).collect();
            let newest = own[count - 1];
            let sent = Ticks(newest - gap);
            let times = squeezed(&frames(&own), Some(sent));
            prop_assert!(times.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(times[0] > sent);
            // Never so late that the next picture at 30 a second would come before it.
            prop_assert!(times[count - 1].0 < newest.max(sent.0) + 3_000);
        }
    }
}
