//! Which layers of each shared camera somebody looks at, as the hub says. It can only make less leave,
//! never more: a layer goes out if it is demanded *and* permitted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use assent_consent::CameraNumber;
use assent_wire::link;
use tokio::sync::watch;

use crate::valve::Carries;

/// A track of a camera's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Layer {
    Main,
    Sub,
    Audio,
}

impl Layer {
    pub(super) fn carries(self) -> Carries {
        match self {
            Self::Main | Self::Sub => Carries::Picture,
            Self::Audio => Carries::Sound,
        }
    }

    pub(super) fn to_wire(self) -> i32 {
        let layer = match self {
            Self::Main => link::Layer::Main,
            Self::Sub => link::Layer::Sub,
            Self::Audio => link::Layer::Audio,
        };
        layer.into()
    }
}

/// The layers wanted of one camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    main: bool,
    sub: bool,
    audio: bool,
}

/// Until the hub says anything: the full picture with its sound, so that the first one is there at once.
impl Default for Wanted {
    fn default() -> Self {
        Self {
            main: true,
            sub: false,
            audio: true,
        }
    }
}

impl Wanted {
    pub(super) fn has(self, layer: Layer) -> bool {
        match layer {
            Layer::Main => self.main,
            Layer::Sub => self.sub,
            Layer::Audio => self.audio,
        }
    }
}

/// What the hub said last, by camera.
#[derive(Clone, Default)]
pub(super) struct Demands(Arc<Mutex<BTreeMap<CameraNumber, watch::Sender<Wanted>>>>);

impl Demands {
    /// Begins anew for a camera: what was demanded of an older connection does not count.
    pub(super) fn begin(&self, camera: CameraNumber) -> watch::Receiver<Wanted> {
        let (sender, receiver) = watch::channel(Wanted::default());
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(camera, sender);
        receiver
    }

    /// Takes the hub's word; for a camera that is not shared it means nothing.
    pub(super) fn hear(&self, demand: &link::Demand) {
        let camera = u16::try_from(demand.camera)
            .ok()
            .and_then(CameraNumber::new);
        let demands = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(sender) = camera.and_then(|camera| demands.get(&camera)) else {
            return;
        };
        let has = |layer: link::Layer| demand.layers.contains(&i32::from(layer));
        sender.send_replace(Wanted {
            main: has(link::Layer::Main),
            sub: has(link::Layer::Sub),
            audio: has(link::Layer::Audio),
        });
    }
}
