//! Counters of the hot path, plain numbers that are handed to `metrics` once a second, so that a packet
//! costs an addition and not a lookup.

use metrics::{counter, gauge};

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) packets_in: u64,
    pub(crate) bytes_in: u64,
    pub(crate) packets_out: u64,
    pub(crate) bytes_out: u64,
    /// From strangers, or malformed.
    pub(crate) unknown: u64,
    /// Duplicates, stale packets, and those of streams that nobody may send.
    pub(crate) refused: u64,
    /// Times that the kernel's send buffer was full and a viewer skipped to the next key frame.
    pub(crate) overruns: u64,
    pub(crate) key_frame_requests: u64,
    pub(crate) replays: u64,
    pub(crate) facts_lost: u64,
}

/// What is there right now.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Levels {
    pub(crate) publishers: usize,
    pub(crate) walls: usize,
    pub(crate) slots_shown: usize,
    pub(crate) streams: usize,
    pub(crate) cache_bytes: usize,
}

impl Totals {
    pub(crate) fn report(&mut self, levels: Levels) {
        let Totals {
            packets_in,
            bytes_in,
            packets_out,
            bytes_out,
            unknown,
            refused,
            overruns,
            key_frame_requests,
            replays,
            facts_lost,
        } = std::mem::take(self);
        counter!("assent_media_packets_in_total").increment(packets_in);
        counter!("assent_media_bytes_in_total").increment(bytes_in);
        counter!("assent_media_packets_out_total").increment(packets_out);
        counter!("assent_media_bytes_out_total").increment(bytes_out);
        counter!("assent_media_unknown_datagrams_total").increment(unknown);
        counter!("assent_media_refused_packets_total").increment(refused);
        counter!("assent_media_overruns_total").increment(overruns);
        counter!("assent_media_key_frame_requests_total").increment(key_frame_requests);
        counter!("assent_media_replays_total").increment(replays);
        counter!("assent_media_facts_lost_total").increment(facts_lost);
        gauge!("assent_media_publishers").set(count(levels.publishers));
        gauge!("assent_media_walls").set(count(levels.walls));
        gauge!("assent_media_slots_shown").set(count(levels.slots_shown));
        gauge!("assent_media_streams").set(count(levels.streams));
        gauge!("assent_media_cache_bytes").set(count(levels.cache_bytes));
    }
}

fn count(n: usize) -> f64 {
    u32::try_from(n).map_or(f64::from(u32::MAX), f64::from)
}
