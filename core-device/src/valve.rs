//! The valve at each camera: `gate` opens and shuts it, `publish` asks it at the socket, as the last thing
//! before a packet goes to the kernel. It is memory only: shutting it waits for nothing but the one
//! system call that may be under way, so that nothing leaves after it is shut.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use assent_consent::CameraNumber;

/// One camera's valve; shut until the gate opens it.
#[derive(Debug, Default)]
pub struct Valve {
    picture: AtomicBool,
    sound: AtomicBool,
    /// Held while packets are handed to the kernel.
    passing: Mutex<()>,
    bytes_left: AtomicU64,
}

/// What a packet carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    Picture,
    Sound,
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
    /// Only for `gate`, after the receipt is kept. Pictures may leave, and sound only if `sound`.
    pub fn open(&self, sound: bool) {
        self.turn(true, sound);
    }

    /// When this returns, nothing leaves any more.
    pub fn shut(&self) {
        self.turn(false, false);
    }

    pub fn is_open(&self) -> bool {
        self.lets(Carries::Picture)
    }

    pub fn lets(&self, what: Carries) -> bool {
        match what {
            Carries::Picture => self.picture.load(Ordering::SeqCst),
            Carries::Sound => self.sound.load(Ordering::SeqCst),
        }
    }

    /// Lets `send` hand over packets that carry all of this, if it may leave; `None` where it may not.
    /// `send` must not wait.
    pub fn pass<T>(
        &self,
        what: impl IntoIterator<Item = Carries>,
        send: impl FnOnce() -> T,
    ) -> Option<T> {
        let _passing = self.passing.lock().unwrap_or_else(PoisonError::into_inner);
        what.into_iter().all(|what| self.lets(what)).then(send)
    }

    /// Bytes of media packets, headers and repeats included, that went to the network since the start; a
    /// grant's share of them is the difference between its end and its beginning.
    pub fn bytes_left(&self) -> u64 {
        self.bytes_left.load(Ordering::SeqCst)
    }

    pub fn count(&self, bytes: usize) {
        self.bytes_left.fetch_add(bytes as u64, Ordering::SeqCst);
    }

    fn turn(&self, picture: bool, sound: bool) {
        self.picture.store(picture, Ordering::SeqCst);
        self.sound.store(sound, Ordering::SeqCst);
        // Whoever got through before has left when this lock is free.
        drop(self.passing.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn sound_needs_its_own_yes() {
        let valve = Valve::default();
        assert!(valve.pass([Carries::Picture], || ()).is_none());
        valve.open(false);
        assert!(valve.pass([Carries::Picture], || ()).is_some());
        assert!(
            valve
                .pass([Carries::Picture, Carries::Sound], || ())
                .is_none()
        );
        valve.open(true);
        assert!(valve.pass([Carries::Sound], || ()).is_some());
    }

    #[test]
    fn what_is_shut_has_seen_the_last_packet_go() {
        let valve = Arc::new(Valve::default());
        valve.open(false);
        let sender = thread::spawn({
            let valve = Arc::clone(&valve);
            move || while valve.pass([Carries::Picture], || valve.count(1)).is_some() {}
        });
        thread::sleep(Duration::from_millis(20));
        valve.shut();
        let left = valve.bytes_left();
        sender.join().unwrap();
        assert!(left > 0);
        assert_eq!(valve.bytes_left(), left);
    }
}
