//! Turns the many key-frame requests of many viewers into few to the publisher. Does not know whether
//! the camera obeys them.

use crate::packet::Moment;
use std::time::Duration;

/// A key frame is many times the size of another; more than one a second would cost the owner's uplink
/// what the picture needs.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);
/// A key frame this young is on its way to the viewer who asks.
const FRESH: Duration = Duration::from_millis(300);

/// Of one stream.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyFrameRequests {
    asked: Option<Moment>,
}

impl KeyFrameRequests {
    /// Somebody needs a key frame. True when the publisher shall be asked now.
    pub fn ask(&mut self, last_key_frame: Option<Moment>, now: Moment) -> bool {
        let just_asked = self
            .asked
            .is_some_and(|asked| now.since(asked) < SHORTEST_INTERVAL);
        let just_came = last_key_frame.is_some_and(|came| now.since(came) < FRESH);
        if just_asked || just_came {
            return false;
        }
        self.asked = Some(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_viewers_ask_once() {
        let mut requests = KeyFrameRequests::default();
        let asked = (0..100u64)
            .filter(|n| requests.ask(None, Moment(n * 9_000)))
            .count();
        assert_eq!(asked, 1);
        assert!(requests.ask(None, Moment(1_000_000)));
        assert!(
            !requests.ask(Some(Moment(2_900_000)), Moment(3_000_000)),
            "one just came"
        );
    }
}
