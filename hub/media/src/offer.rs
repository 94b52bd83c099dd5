//! Turns a stranger's session description into a session and an answer, on the caller's thread, so that
//! a hostile one costs its sender and not the pictures of others. It decides what may flow; it opens
//! nothing.

use crate::{
    error::MediaError,
    identity::{Identity, Side},
};
use assent_sfu::{Kind, StreamId};
use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
};
use str0m::{
    Rtc,
    change::SdpOffer,
    media::{Direction, Media, MediaKind, Mid, Pt},
};

/// A browser repeats every codec on every line: about 6 KiB each, 36 tiles and sound.
const WALL_BYTES: usize = 512 << 10;
/// As the link allows.
const PUBLISHER_BYTES: usize = 64 << 10;
/// 36 tiles and one line of sound, with room for layouts to come.
const WALL_LINES: usize = 48;
/// 16 cameras behind one device, each with main, sub and sound.
const PUBLISHER_LINES: usize = 48;

/// A session that is ready for the driver.
pub(crate) struct Prepared {
    pub(crate) rtc: Box<Rtc>,
    /// Names it in the first packet that its peer sends.
    pub(crate) ufrag: String,
    pub(crate) lines: Vec<Line>,
    pub(crate) answer: String,
}

/// A media line of the offer, in its order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) mid: Mid,
    pub(crate) kind: Kind,
    /// What is sent on it; publishers choose their own.
    pub(crate) payload_type: Pt,
}

/// Answers a browser that wants to receive on every line.
pub(crate) fn wall(identity: &Identity, offer: &str) -> Result<Prepared, MediaError> {
    within(offer, WALL_BYTES)?;
    answer(
        identity,
        Side::Wall,
        offer,
        WALL_LINES,
        Direction::is_sending,
    )
}

/// Answers a device that sends exactly the tracks that it named.
pub(crate) fn publisher(
    identity: &Identity,
    offer: &str,
    tracks: &[(String, StreamId)],
) -> Result<(Prepared, Vec<(Line, StreamId)>), MediaError> {
    within(offer, PUBLISHER_BYTES)?;
    let mids: BTreeSet<&str> = tracks.iter().map(|(mid, _)| mid.as_str()).collect();
    let streams: BTreeSet<StreamId> = tracks.iter().map(|(_, stream)| *stream).collect();
    if mids.len() != tracks.len() || streams.len() != tracks.len() {
        return Err(MediaError::Twice);
    }
    let prepared = answer(
        identity,
        Side::Publisher,
        offer,
        PUBLISHER_LINES,
        Direction::is_receiving,
    )?;
    let named = prepared
        .lines
        .iter()
        .map(|line| {
            let mid = line.mid.to_string();
            let track = tracks.iter().find(|(named, _)| *named == mid);
            track
                .map(|(_, stream)| (*line, *stream))
                .ok_or(MediaError::Unnamed { mid })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let carried = |mid: &str| prepared.lines.iter().any(|line| &*line.mid == mid);
    if let Some((mid, _)) = tracks.iter().find(|(mid, _)| !carried(mid)) {
        return Err(MediaError::Missing { mid: mid.clone() });
    }
    Ok((prepared, named))
}

fn within(offer: &str, limit: usize) -> Result<(), MediaError> {
    if offer.len() > limit {
        Err(MediaError::TooLarge { limit })
    } else {
        Ok(())
    }
}

fn answer(
    identity: &Identity,
    side: Side,
    offer: &str,
    limit: usize,
    flows: fn(&Direction) -> bool,
) -> Result<Prepared, MediaError> {
    let offer = without_candidates(offer);
    if offer.lines().filter(|line| line.starts_with("m=")).count() > limit {
        return Err(MediaError::TooManyLines { limit });
    }
    // The parser promises not to panic on what a stranger sends; should it ever, only the stranger pays.
    catch_unwind(AssertUnwindSafe(|| {
        negotiate(identity, side, &offer, flows)
    }))
    .unwrap_or(Err(MediaError::Malformed))
}

fn negotiate(
    identity: &Identity,
    side: Side,
    offer: &str,
    flows: fn(&Direction) -> bool,
) -> Result<Prepared, MediaError> {
    let offer = SdpOffer::from_sdp_string(offer).map_err(|_| MediaError::Malformed)?;
    if offer.media_lines.is_empty() {
        return Err(MediaError::NoMedia);
    }
    let (mut rtc, ufrag) = identity.session(side);
    let answer = rtc
        .sdp_api()
        .accept_offer(offer.clone().into())
        .map_err(|_| MediaError::Malformed)?;
    let lines = offer
        .media_lines
        .iter()
        .map(|line| usable(&rtc, line.mid(), flows))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Prepared {
        rtc: Box::new(rtc),
        ufrag,
        lines,
        answer: answer.to_sdp_string(),
    })
}

fn usable(rtc: &Rtc, mid: Mid, flows: fn(&Direction) -> bool) -> Result<Line, MediaError> {
    let media = rtc.media(mid).ok_or(MediaError::NotMedia)?;
    if !flows(&media.direction()) {
        return Err(MediaError::WrongDirection {
            mid: mid.to_string(),
        });
    }
    let kind = match media.kind() {
        MediaKind::Video => Kind::Video,
        MediaKind::Audio => Kind::Audio,
    };
    let payload_type = best(rtc, media, kind).ok_or_else(|| MediaError::NoCommonCodec {
        mid: mid.to_string(),
    })?;
    Ok(Line {
        mid,
        kind,
        payload_type,
    })
}

/// Our own order of preference decides: browsers take every profile under constrained baseline.
fn best(rtc: &Rtc, media: &Media, kind: Kind) -> Option<Pt> {
    let audio = kind == Kind::Audio;
    rtc.codec_config()
        .params()
        .iter()
        .filter(|params| params.spec().codec.is_audio() == audio)
        .map(|params| params.pt())
        .find(|pt| media.remote_pts().contains(pt))
}

/// Peers reach us, never the other way round: their candidates would only make this machine send probes
/// to addresses that a stranger chose.
fn without_candidates(offer: &str) -> String {
    offer
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.starts_with("a=candidate:") && *line != "a=end-of-candidates")
        .flat_map(|line| [line, "\r\n"])
        .collect()
}
