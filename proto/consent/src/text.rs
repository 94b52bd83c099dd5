//! Short strings that come from outside, each with its own type and its own bound. What they mean is
//! decided elsewhere; here they are only short enough and free of control characters.

use std::fmt;

use crate::AgencyHash;

/// Empty where something was needed, too long, or with control characters in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadText;

macro_rules! bounded_text {
    ($(#[$doc:meta])* $name:ident, $least:literal..=$most:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            pub const MOST_BYTES: usize = $most;

            pub fn new(text: impl Into<String>) -> Result<Self, BadText> {
                let text = text.into();
                let fits = ($least..=$most).contains(&text.len());
                let printable = !text.chars().any(|c| c.is_control() && c != '\n');
                (fits && printable).then_some(Self(text)).ok_or(BadText)
            }

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

bounded_text!(
    /// Who may see: one agency, as the hub names it.
    AgencyId, 1..=64
);
bounded_text!(
    /// What fired: "gunshot", "alarm-panel", …
    AlertKind, 1..=64
);
bounded_text!(
    /// Which detector said so; may be empty.
    AlertSource, 0..=64
);
bounded_text!(
    /// An opaque number for a person, never a name; empty for a bare button.
    PersonId, 0..=64
);
bounded_text!(
    /// What the presser wrote.
    Note, 0..=280
);
bounded_text!(
    /// What an owner calls a key: "Maria's phone".
    MemberName, 1..=40
);
bounded_text!(
    /// What an owner reads for an agency.
    AgencyName, 1..=80
);
bounded_text!(
    /// An operator's number.
    Badge, 1..=40
);
bounded_text!(
    /// What terms or an alert are for.
    Purpose, 0..=140
);
bounded_text!(
    /// The agency's own number of an incident.
    Incident, 0..=64
);

impl From<AgencyHash> for AgencyId {
    /// Where words are signed, an agency is called by its hash, written out.
    fn from(agency: AgencyHash) -> Self {
        Self(agency.to_string())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn bounds_are_kept_and_control_characters_refused() {
        assert_eq!(
            AgencyId::new("springfield-pd").unwrap().as_str(),
            "springfield-pd"
        );
        assert_eq!(AgencyId::new(""), Err(BadText));
        assert_eq!(AgencyId::new("x".repeat(65)), Err(BadText));
        assert_eq!(Note::new("two\u{1b}[2J"), Err(BadText));
        assert!(Note::new("").is_ok());
    }
}
