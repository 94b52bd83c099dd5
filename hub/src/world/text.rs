//! Text that comes from outside and is kept: short enough, and without control characters, which
//! PostgreSQL refuses (NUL) and terminals obey. What the text means is its slice's business.

/// At most `MOST` bytes, and no control character but the new line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text<const MOST: usize>(String);

impl<const MOST: usize> Text<MOST> {
    pub const MOST_BYTES: usize = MOST;

    /// None: it does not fit. For what somebody writes who can write it again.
    pub fn new(text: &str) -> Option<Self> {
        (text.len() <= MOST && text.chars().all(fits)).then(|| Self(text.to_owned()))
    }

    /// What can be kept of it. For what must not fail on its words: an alert, a closing, and a device that
    /// would only say the same again.
    pub fn cleaned(text: &str) -> Self {
        let spaced = text.chars().map(|c| if c == '\t' { ' ' } else { c });
        let mut kept = String::with_capacity(text.len().min(MOST));
        for c in spaced.filter(|c| fits(*c)) {
            if kept.len() + c.len_utf8() > MOST {
                break;
            }
            kept.push(c);
        }
        Self(kept)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

fn fits(c: char) -> bool {
    !c.is_control() || c == '\n'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_or_left_out() {
        assert_eq!(
            Text::<4>::new("door").as_ref().map(Text::as_str),
            Some("door")
        );
        for bad in ["doors", "d\0or", "\u{1b}[2J"] {
            assert_eq!(Text::<4>::new(bad), None, "{bad:?}");
        }
        assert_eq!(Text::<8>::cleaned("a\0b\tc\r\nd").as_str(), "ab c\nd");
        assert_eq!(
            Text::<3>::cleaned("aéé").as_str(),
            "aé",
            "no half characters"
        );
    }
}
