//! What an agency says that happened, and where. How far that is from the premises is computed at the
//! device from two signed places, so that nobody on the way can move a shot.

use crate::{Addressed, AgencyHash, AlertKind, AlertSource, Nonce, Purpose, TriggerId, WallTime};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedAlert {
    pub to: Addressed,
    pub id: TriggerId,
    pub nonce: Nonce,
    pub made_at: WallTime,
    pub facts: AlertFacts,
    pub purpose: Purpose,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertFacts {
    pub kind: AlertKind,
    pub agency: AgencyHash,
    /// `None`: nobody knows.
    pub place: Option<Place>,
    pub source: AlertSource,
}

/// Ten-millionths of a degree, WGS 84; about a centimetre.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    lat_e7: i32,
    lon_e7: i32,
}

const DEGREE_E7: i32 = 10_000_000;
/// Mean radius (IUGG); the earth's flattening is worth 0.5 % here.
const EARTH_RADIUS_M: f64 = 6_371_008.8;

impl Place {
    /// `None` off the globe.
    #[must_use]
    pub fn new(lat_e7: i32, lon_e7: i32) -> Option<Self> {
        let on_globe = (-90 * DEGREE_E7..=90 * DEGREE_E7).contains(&lat_e7)
            && (-180 * DEGREE_E7..=180 * DEGREE_E7).contains(&lon_e7);
        on_globe.then_some(Self { lat_e7, lon_e7 })
    }

    #[must_use]
    pub fn lat_e7(self) -> i32 {
        self.lat_e7
    }

    #[must_use]
    pub fn lon_e7(self) -> i32 {
        self.lon_e7
    }

    /// Along the great circle, rounded up to a whole metre.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "never negative, at most half the earth's girth"
    )]
    pub fn metres_to(self, other: Self) -> u32 {
        let radians = |e7: i32| (f64::from(e7) / f64::from(DEGREE_E7)).to_radians();
        let (lat, other_lat) = (radians(self.lat_e7), radians(other.lat_e7));
        let half_lat = ((other_lat - lat) / 2.0).sin();
        let half_lon = ((radians(other.lon_e7) - radians(self.lon_e7)) / 2.0).sin();
        let haversine = half_lat * half_lat + lat.cos() * other_lat.cos() * half_lon * half_lon;
        let metres = 2.0 * EARTH_RADIUS_M * haversine.sqrt().min(1.0).asin();
        metres.ceil() as u32
    }
}
