//! An agency and the premises that share with it. What a row looks like in the store is `rows`' business.

use crate::world::{AgencyId, PremisesId, Private};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agency {
    pub id: AgencyId,
    pub name: String,
}

/// What kind of premises: it decides how operators see them, not what may be shared.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "camelCase")]
#[schema(as = PremisesKind)]
pub enum Kind {
    Business,
    School,
    Home,
    /// The agency's own street or square.
    Agency,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Business => "business",
            Kind::School => "school",
            Kind::Home => "home",
            Kind::Agency => "agency",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Kind::Business, Kind::School, Kind::Home, Kind::Agency]
            .into_iter()
            .find(|kind| kind.name() == text)
    }
}

/// Degrees, WGS 84.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    pub lat: f64,
    pub lon: f64,
}

impl Place {
    pub fn new(lat: f64, lon: f64) -> Option<Self> {
        ((-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon))
            .then_some(Self { lat, lon })
    }

    /// Great-circle distance in metres (haversine on a sphere; under 0.6 % wrong, alert rules name
    /// hundreds of metres).
    pub fn metres_to(self, other: Self) -> f64 {
        const EARTH_METRES: f64 = 6_371_000.0;
        let (lat1, lat2) = (self.lat.to_radians(), other.lat.to_radians());
        let half_lat = (lat2 - lat1) / 2.0;
        let half_lon = (other.lon - self.lon).to_radians() / 2.0;
        let h = half_lat.sin().powi(2) + lat1.cos() * lat2.cos() * half_lon.sin().powi(2);
        2.0 * EARTH_METRES * h.sqrt().min(1.0).asin()
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Premises {
    pub id: PremisesId,
    pub agency: AgencyId,
    pub kind: Kind,
    pub name: String,
    pub address: Private<String>,
    /// The number an operator calls back.
    pub call_back: Option<Private<String>>,
    /// Who has a key, in the owner's words.
    pub keyholder: Option<Private<String>>,
    pub place: Option<Place>,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn distances_are_right_to_a_percent() {
        let springfield = Place::new(39.7990, -89.6440).unwrap();
        let a_mile_north = Place::new(39.8135, -89.6440).unwrap();
        let metres = springfield.metres_to(a_mile_north);
        assert!((1_590.0..1_630.0).contains(&metres), "{metres}");
        assert!(springfield.metres_to(springfield) < 0.001);
    }

    #[test]
    fn a_place_off_the_globe_is_no_place() {
        assert_eq!(Place::new(91.0, 0.0), None);
        assert_eq!(Place::new(f64::NAN, 0.0), None);
    }
}
