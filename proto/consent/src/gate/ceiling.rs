//! What the ceiling does to a yes: an owner's own word in need is clipped, everything else that goes beyond
//! is refused. Seconds a day are counted in whole lives when they are asked for: an early end buys no more.

use crate::{Ceiling, Terms};

impl Ceiling {
    /// As much of these terms as may be; `None` when nothing is left.
    #[must_use]
    pub fn clip(&self, terms: Terms) -> Option<Terms> {
        let agency = terms.agency.as_hash()?;
        let rights = terms.rights.and(self.rights());
        let cameras = terms
            .cameras
            .only(|camera| self.cameras().contains(camera))?;
        let clipped = Terms {
            cameras,
            rights,
            ttl: terms.ttl.min(self.longest()),
            pre_roll_secs: if rights.pre_roll {
                terms.pre_roll_secs
            } else {
                0
            },
            ..terms
        };
        (self.agencies().contains(&agency) && rights.live).then_some(clipped)
    }

    /// Whether all of these terms may be.
    #[must_use]
    pub fn covers(&self, terms: &Terms) -> bool {
        self.clip(terms.clone()).as_ref() == Some(terms)
    }
}

/// How much of a day's seconds is given away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpentSecs {
    /// Number of the local day.
    pub day: u32,
    pub secs: u32,
}

impl SpentSecs {
    /// False when there is not so much left today; nothing is taken then.
    pub(super) fn take(&mut self, secs: u32, day: u32, most: u32) -> bool {
        if day != self.day {
            *self = Self { day, secs: 0 };
        }
        let after = self.secs.saturating_add(secs);
        let fits = after <= most;
        if fits {
            self.secs = after;
        }
        fits
    }
}
