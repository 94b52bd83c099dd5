//! The engine's numbers for cameras, layers, connections and walls. Numbers are never used again while
//! the hub runs, so that a late fact cannot be about something newer.

use std::collections::BTreeMap;

use assent_media::{PublisherId, StreamId};

use crate::world::CameraId;

/// A way in which a camera is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    Main,
    Sub,
    Audio,
}

#[derive(Default)]
pub(super) struct Names {
    streams: BTreeMap<(CameraId, Layer), StreamId>,
    layers: BTreeMap<StreamId, (CameraId, Layer)>,
    last: u64,
}

impl Names {
    pub(super) fn stream(&mut self, camera: CameraId, layer: Layer) -> StreamId {
        if let Some(known) = self.streams.get(&(camera, layer)) {
            return *known;
        }
        let stream = StreamId(self.next());
        self.streams.insert((camera, layer), stream);
        self.layers.insert(stream, (camera, layer));
        stream
    }

    pub(super) fn camera(&self, stream: StreamId) -> Option<(CameraId, Layer)> {
        self.layers.get(&stream).copied()
    }

    pub(super) fn publisher(&mut self) -> PublisherId {
        PublisherId(self.next())
    }

    pub(super) fn wall(&mut self) -> assent_media::WallId {
        assent_media::WallId(self.next())
    }

    /// Marks one `show`, to know its first frame by.
    pub(super) fn token(&mut self) -> u64 {
        self.next()
    }

    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}
