//! Something that a detector or the agency reports. An alert may only propose: what it opens, if
//! anything, is the owner's policy to say.

use crate::{AgencyId, AlertKind, AlertSource};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    pub kind: AlertKind,
    pub agency: AgencyId,
    /// Metres from the premises; 0 at the premises, `u32::MAX` where nobody knows.
    pub distance_m: u32,
    pub source: AlertSource,
}
