//! Rules and ends in words that an owner understands. One place, so that pages, problem documents and
//! receipts say the same. Refusals have theirs in `words`.

use assent_consent::{AlertKind, AlertLimits, EndCause, GateRefusal, Refusal, Rule, RuleTrigger};

use super::page::EndText;
use crate::words::sentence;

/// The device was away until it was too late.
pub(super) const NO_ANSWER: &str =
    "Your device was away and did not answer within two minutes. Press again to share now.";

pub(super) fn refusal(refusal: Refusal) -> &'static str {
    sentence(GateRefusal::Rules(refusal).into())
}

pub(super) fn end(cause: EndCause) -> EndText {
    match cause {
        EndCause::Revoked => EndText::Revoked,
        EndCause::Expired => EndText::Expired,
        EndCause::ClearedByAgency => EndText::Cleared,
        EndCause::CancelledByOwner => EndText::Cancelled,
        EndCause::StoppedLocally => EndText::StoppedAtPremises,
        EndCause::Reboot => EndText::Rebooted,
        EndCause::PolicyChanged => EndText::PolicyChanged,
    }
}

/// "Shares with Springfield PD when you press, for up to 10 minutes, with sound."
pub(super) fn rule(rule: &Rule, agency: &str) -> String {
    let longest = span(rule.longest.secs());
    let mut words = match &rule.trigger {
        RuleTrigger::Press => {
            format!("Shares with {agency} when you press, for up to {longest}")
        }
        RuleTrigger::Standing => format!(
            "Shares with {agency} all the time, renewed every {longest} until you revoke it; every view is recorded"
        ),
        RuleTrigger::Alert(on) => {
            let kinds: Vec<String> = on.kinds.iter().map(spaced).collect();
            let verb = if on.asks {
                "Asks you before it shares"
            } else {
                "Shares"
            };
            let kinds = kinds.join(", ");
            format!("{verb} with {agency} on these alerts: {kinds}, for up to {longest}")
                + &limits(&on.limits)
        }
    };
    if rule.rights.audio {
        words.push_str(", with sound");
    }
    if rule.rights.record {
        words.push_str(", may be recorded");
    }
    if rule.pre_roll_secs > 0 {
        words += &format!(", beginning at most {} s before", rule.pre_roll_secs);
    }
    words + "."
}

fn limits(limits: &AlertLimits) -> String {
    let mut words = String::new();
    if limits.within_metres > 0 {
        words += &format!(", within {} m", limits.within_metres);
    }
    if let Some(quiet) = limits.quiet {
        words += &format!(
            ", not from {} to {}",
            clock(quiet.from.get()),
            clock(quiet.to.get())
        );
    }
    if limits.per_day > 0 {
        words += &format!(", at most {} times a day", limits.per_day);
    }
    words
}

/// Alarm panels name kinds as programmers do; "glassBreak" and "glass-break" read "glass break".
fn spaced(kind: &AlertKind) -> String {
    let mut words = String::new();
    let mut after_small = false;
    for letter in kind.as_str().chars() {
        let starts_word = after_small && letter.is_uppercase();
        after_small = letter.is_lowercase();
        match letter {
            '-' | '_' => words.push(' '),
            _ if starts_word => words.extend([' ', letter.to_ascii_lowercase()]),
            _ => words.push(letter),
        }
    }
    words
}

fn span(secs: u32) -> String {
    let (count, unit) = match secs {
        0..120 => (secs, "second"),
        120..7_200 => (secs / 60, "minute"),
        _ => (secs / 3_600, "hour"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use assent_consent as consent;
    use consent::{CameraNumber, Cameras, Rights, RuleId, Ttl};

    use super::*;

    #[test]
    fn a_rule_reads_like_a_sentence() {
        let press = Rule {
            id: RuleId(1),
            trigger: RuleTrigger::Press,
            cameras: Cameras::new(CameraNumber::new(1)).unwrap(),
            agency: consent::AgencyId::new("x").unwrap(),
            rights: Rights {
                audio: true,
                ..Rights::LIVE
            },
            longest: Ttl::from_secs(600).unwrap(),
            pre_roll_secs: 0,
        };
        assert_eq!(
            rule(&press, "Springfield PD"),
            "Shares with Springfield PD when you press, for up to 10 minutes, with sound."
        );
    }

    #[test]
    fn a_panels_kind_reads_like_words() {
        for (kind, words) in [
            ("glassBreak", "glass break"),
            ("glass-break", "glass break"),
            ("gunshot", "gunshot"),
            ("BOLO", "BOLO"),
        ] {
            assert_eq!(spaced(&AlertKind::new(kind).unwrap()), words);
        }
    }
}
