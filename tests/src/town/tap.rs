//! When the last picture left a device: a raw socket on the host sees every datagram that crosses the
//! namespace's cable, and keeps the time of the newest one that carries media. Needs root.

use std::io::Read as _;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use serde::Serialize;
use socket2::{Domain, Protocol, Socket, Type};

/// IPv4 frames, as Linux numbers them for a packet socket (network byte order).
const ETH_P_IP: u16 = 0x0800;
const UDP: u8 = 17;
const UDP_HEADER: usize = 8;
/// What a CORE device offers H.264 and its repeats as; under any other number it is not a picture.
const PICTURES: [u8; 2] = [96, 97];
/// How soon the reader notices that nobody needs it any more.
const NOTICE_END_WITHIN: Duration = Duration::from_millis(200);

/// Media of one device, seen on its cable.
#[derive(Default)]
struct Media {
    packets: AtomicU64,
    bytes: AtomicU64,
    sound: AtomicU64,
    last_unix_us: AtomicU64,
    done: AtomicBool,
}

pub struct Tap {
    media: Arc<Media>,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Seen {
    pub packets: u64,
    pub bytes: u64,
    /// Packets that carry no picture.
    pub sound: u64,
    /// Unix time; 0 before the first packet.
    pub last_at_ms: f64,
}

impl Tap {
    /// Begins to watch what `device` sends.
    ///
    /// # Errors
    /// When this is not root.
    pub fn on(device: IpAddr) -> Result<Self> {
        let IpAddr::V4(device) = device else {
            anyhow::bail!("a town's cables carry IPv4");
        };
        let kind = Protocol::from(i32::from(ETH_P_IP.to_be()));
        let socket = Socket::new(Domain::PACKET, Type::DGRAM, Some(kind))
            .context("a packet socket (this needs root)")?;
        socket.set_read_timeout(Some(NOTICE_END_WITHIN))?;
        let media = Arc::new(Media::default());
        let seen = Arc::clone(&media);
        std::thread::Builder::new()
            .name("tap".to_owned())
            .spawn(move || watch(socket, device, &seen))?;
        Ok(Self { media })
    }

    #[must_use]
    pub fn seen(&self) -> Seen {
        Seen {
            packets: self.media.packets.load(Ordering::Relaxed),
            bytes: self.media.bytes.load(Ordering::Relaxed),
            sound: self.media.sound.load(Ordering::Relaxed),
            last_at_ms: self.media.last_unix_us.load(Ordering::Relaxed) as f64 / 1_000.0,
        }
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.media.done.store(true, Ordering::Relaxed);
    }
}

fn watch(mut socket: Socket, device: Ipv4Addr, media: &Media) {
    let mut packet = [0u8; 2_048];
    while !media.done.load(Ordering::Relaxed) {
        let Ok(length) = socket.read(&mut packet) else {
            continue;
        };
        let carried = packet
            .get(..length)
            .and_then(|packet| payload_type(packet, device));
        if let Some(carried) = carried {
            let now = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default();
            let now = u64::try_from(now.as_micros()).unwrap_or_default();
            media.packets.fetch_add(1, Ordering::Relaxed);
            media.bytes.fetch_add(length as u64, Ordering::Relaxed);
            if !PICTURES.contains(&carried) {
                media.sound.fetch_add(1, Ordering::Relaxed);
            }
            media.last_unix_us.store(now, Ordering::Relaxed);
        }
    }
}

/// Of RTP from the device: version 2, and a payload type that is not RTCP's (RFC 5761, section 4).
fn payload_type(packet: &[u8], device: Ipv4Addr) -> Option<u8> {
    let (&first, rest) = packet.split_first()?;
    let header = usize::from(first & 0x0F) * 4;
    let from_device = rest
        .get(11..15)
        .is_some_and(|source| source == device.octets());
    let is_udp = rest.get(8) == Some(&UDP);
    let rtp = packet.get(header + UDP_HEADER..header + UDP_HEADER + 2)?;
    let is_rtp = rtp[0] >> 6 == 2 && !(192..=223).contains(&rtp[1]);
    (first >> 4 == 4 && from_device && is_udp && is_rtp).then_some(rtp[1] & 0x7F)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(source: [u8; 4], protocol: u8, payload: [u8; 2]) -> Vec<u8> {
        let mut packet = vec![0x45, 0, 0, 30, 0, 0, 0, 0, 64, protocol, 0, 0];
        packet.extend(source);
        packet.extend([10, 0, 0, 1]);
        packet.extend([0; UDP_HEADER]);
        packet.extend(payload);
        packet
    }

    #[test]
    fn only_rtp_of_this_device_counts_as_media() {
        let device = Ipv4Addr::new(10, 0, 0, 2);
        let carried = |packet: &[u8]| payload_type(packet, device);
        assert_eq!(carried(&packet([10, 0, 0, 2], UDP, [0x80, 96])), Some(96));
        let last_of_a_frame = packet([10, 0, 0, 2], UDP, [0x80, 0x80 | 111]);
        assert_eq!(carried(&last_of_a_frame), Some(111));
        let others = [
            ("another device", packet([10, 0, 0, 3], UDP, [0x80, 96])),
            ("TCP", packet([10, 0, 0, 2], 6, [0x80, 96])),
            ("RTCP", packet([10, 0, 0, 2], UDP, [0x80, 200])),
            ("STUN", packet([10, 0, 0, 2], UDP, [0x00, 1])),
            ("too short", vec![0x45]),
            ("empty", Vec::new()),
        ];
        for (what, packet) in others {
            assert_eq!(carried(&packet), None, "{what}");
        }
    }
}
