//! The valve at each camera: `gate` opens and shuts it, `publish` asks it before every single packet and
//! tells it what left. It is memory only, so shutting it waits for nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use assent_consent::CameraNumber;

/// One camera's valve; shut until the gate opens it.
#[derive(Debug, Default)]
pub struct Valve {
    open: AtomicBool,
    bytes_left: AtomicU64,
}

/// The valves of all configured cameras.
pub type Valves = Arc<BTreeMap<CameraNumber, Arc<Valve>>>;

/// Shut valves for these cameras.
pub fn valves(cameras: impl IntoIterator<Item = CameraNumber>) -> Valves {
    Arc::new(
        cameras
            .into_iter()
            .map(|camera| (camera, Arc::default()))
            .collect(),
    )
}

impl Valve {
    /// Only for `gate`, after the receipt is kept.
    pub fn open(&self) {
        self.open.store(true, Ordering::SeqCst);
    }

    pub fn shut(&self) {
        self.open.store(false, Ordering::SeqCst);
    }

    pub fn is_open(&self) -> bool {
        self.open.load(Ordering::SeqCst)
    }

    /// Media payload bytes that went out through it since the start; a grant's share of them is the
    /// difference between its end and its beginning.
    pub fn bytes_left(&self) -> u64 {
        self.bytes_left.load(Ordering::Relaxed)
    }

    pub fn count(&self, bytes: usize) {
        self.bytes_left.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}
