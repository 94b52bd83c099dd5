//! What each camera's device offers, what of it flows, and what it is to be asked for. Values only; the
//! keeper sends.

use std::collections::{BTreeMap, BTreeSet};

use assent_media::PublisherId;
use tokio::time::{Duration, Instant};

use super::OfferedTrack;
use super::names::Layer;
use crate::world::{CameraId, DeviceId};

/// A device sends the full picture until it is told otherwise. Nobody is asked to stop before an operator
/// had time to look: the wall of a panic opens while its first packets are on their way.
const FIRST_LOOK: Duration = Duration::from_secs(5);

#[derive(Default)]
pub(super) struct Sources {
    connections: BTreeMap<(DeviceId, u64), Connection>,
    cameras: BTreeMap<CameraId, Source>,
}

struct Connection {
    publisher: PublisherId,
    tracks: Vec<(CameraId, Layer)>,
}

/// One camera, over all connections that carry it.
#[derive(Default)]
pub(super) struct Source {
    /// Layers of its connections, with how many carry each.
    offered: BTreeMap<Layer, usize>,
    flowing: BTreeSet<Layer>,
    /// Layers that slots of the engine show.
    watched: BTreeSet<Layer>,
    /// Layers that tiles would rather show.
    wished: BTreeSet<Layer>,
    told: Option<BTreeSet<Layer>>,
    patient_until: Option<Instant>,
}

impl Sources {
    /// Returns the publisher that this connection replaces.
    pub(super) fn offered(
        &mut self,
        device: DeviceId,
        media_id: u64,
        publisher: PublisherId,
        tracks: &[OfferedTrack],
        now: Instant,
    ) -> Option<PublisherId> {
        let replaced = self.ended(device, media_id);
        let tracks: Vec<_> = tracks
            .iter()
            .map(|track| (track.camera, track.layer))
            .collect();
        for (camera, layer) in &tracks {
            let source = self.cameras.entry(*camera).or_default();
            *source.offered.entry(*layer).or_default() += 1;
            // A new connection begins with the device's own idea of what to send.
            source.told = None;
            source.patient_until = Some(now + FIRST_LOOK);
        }
        self.connections
            .insert((device, media_id), Connection { publisher, tracks });
        replaced
    }

    pub(super) fn ended(&mut self, device: DeviceId, media_id: u64) -> Option<PublisherId> {
        let connection = self.connections.remove(&(device, media_id))?;
        for (camera, layer) in connection.tracks {
            self.less(camera, layer);
        }
        Some(connection.publisher)
    }

    pub(super) fn gone(&mut self, publisher: PublisherId) {
        let known = self
            .connections
            .iter()
            .find(|(_, connection)| connection.publisher == publisher);
        if let Some((device, media_id)) = known.map(|(key, _)| *key) {
            self.ended(device, media_id);
        }
    }

    pub(super) fn flowing(&mut self, camera: CameraId, layer: Layer, flows: bool) {
        set(
            &mut self.cameras.entry(camera).or_default().flowing,
            layer,
            flows,
        );
    }

    pub(super) fn watched(&mut self, camera: CameraId, layer: Layer, watched: bool) {
        set(
            &mut self.cameras.entry(camera).or_default().watched,
            layer,
            watched,
        );
    }

    pub(super) fn wished(&mut self, camera: CameraId, layers: BTreeSet<Layer>) {
        self.cameras.entry(camera).or_default().wished = layers;
    }

    /// Which picture a tile gets now, and which it shall get as soon as it flows.
    pub(super) fn choose(&self, camera: CameraId, large: bool) -> (Layer, Layer) {
        let Some(source) = self.cameras.get(&camera) else {
            return (Layer::Main, Layer::Main);
        };
        let small = !large && source.offered.contains_key(&Layer::Sub);
        let (best, other) = if small {
            (Layer::Sub, Layer::Main)
        } else {
            (Layer::Main, Layer::Sub)
        };
        let stopgap = !source.flowing.contains(&best) && source.flowing.contains(&other);
        (if stopgap { other } else { best }, best)
    }

    /// What the camera's device is to be asked for, if that is news to it.
    pub(super) fn demand(&mut self, camera: CameraId, now: Instant) -> Option<BTreeSet<Layer>> {
        let source = self
            .cameras
            .get_mut(&camera)
            .filter(|source| !source.offered.is_empty())?;
        let wanted: BTreeSet<Layer> = source.watched.union(&source.wished).copied().collect();
        let patient = wanted.is_empty() && source.patient_until.is_some_and(|until| now < until);
        if patient || source.told.as_ref() == Some(&wanted) {
            return None;
        }
        source.told = Some(wanted.clone());
        Some(wanted)
    }

    /// Demand could not be delivered: it is news again.
    pub(super) fn untold(&mut self, camera: CameraId) {
        if let Some(source) = self.cameras.get_mut(&camera) {
            source.told = None;
        }
    }

    pub(super) fn cameras(&self) -> Vec<CameraId> {
        self.cameras.keys().copied().collect()
    }

    fn less(&mut self, camera: CameraId, layer: Layer) {
        let Some(source) = self.cameras.get_mut(&camera) else {
            return;
        };
        if let Some(count) = source.offered.get_mut(&layer) {
            *count -= 1;
            if *count == 0 {
                source.offered.remove(&layer);
                source.flowing.remove(&layer);
            }
        }
        if source.offered.is_empty() && source.watched.is_empty() && source.wished.is_empty() {
            self.cameras.remove(&camera);
        }
    }
}

fn set(layers: &mut BTreeSet<Layer>, layer: Layer, present: bool) {
    if present {
        layers.insert(layer);
    } else {
        layers.remove(&layer);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const CAMERA: CameraId = CameraId(uuid::Uuid::from_u128(1));
    const DEVICE: DeviceId = DeviceId([7; 32]);

    fn offered(sources: &mut Sources, media: u64, now: Instant) {
        let track = |layer| OfferedTrack {
            mid: "0".into(),
            camera: CAMERA,
            layer,
        };
        sources.offered(
            DEVICE,
            media,
            PublisherId(media),
            &[track(Layer::Main), track(Layer::Sub)],
            now,
        );
    }

    #[test]
    fn a_small_tile_gets_the_substream_and_until_then_what_there_is() {
        let mut sources = Sources::default();
        offered(&mut sources, 1, Instant::now());
        assert_eq!(sources.choose(CAMERA, false), (Layer::Sub, Layer::Sub));
        sources.flowing(CAMERA, Layer::Main, true);
        assert_eq!(sources.choose(CAMERA, false), (Layer::Main, Layer::Sub));
        sources.flowing(CAMERA, Layer::Sub, true);
        assert_eq!(sources.choose(CAMERA, false), (Layer::Sub, Layer::Sub));
        assert_eq!(sources.choose(CAMERA, true), (Layer::Main, Layer::Main));
    }

    #[test]
    fn a_device_is_told_once_what_is_wanted_and_not_at_once_that_nothing_is() {
        let mut sources = Sources::default();
        let now = Instant::now();
        offered(&mut sources, 1, now);
        assert_eq!(sources.demand(CAMERA, now), None, "the wall may be opening");
        sources.watched(CAMERA, Layer::Main, true);
        assert_eq!(
            sources.demand(CAMERA, now).unwrap(),
            BTreeSet::from([Layer::Main])
        );
        assert_eq!(sources.demand(CAMERA, now), None);
        offered(&mut sources, 2, now);
        assert!(
            sources.demand(CAMERA, now).is_some(),
            "a new connection knows nothing"
        );
        sources.watched(CAMERA, Layer::Main, false);
        assert_eq!(
            sources.demand(CAMERA, now + FIRST_LOOK).unwrap(),
            BTreeSet::new()
        );
    }

    #[test]
    fn a_connection_that_is_replaced_takes_nothing_away_from_its_successor() {
        let mut sources = Sources::default();
        let now = Instant::now();
        offered(&mut sources, 1, now);
        offered(&mut sources, 2, now);
        sources.gone(PublisherId(1));
        assert_eq!(sources.choose(CAMERA, false).1, Layer::Sub);
        sources.gone(PublisherId(2));
        assert!(sources.cameras().is_empty());
    }
}
