//! The claims of the fuzz targets, tried in every test run on mutations of one valid value of each kind.
//! The fuzzer itself needs a nightly compiler and goes deeper: see `tests/fuzz`.

#![expect(clippy::unwrap_used, reason = "tests")]

use assent_consent::*;
use assent_wire::{Canonical, link, opened_message, seal};
use proptest::prelude::*;
use prost::Message as _;

#[path = "../../../tests/fuzz/claims.rs"]
mod claims;

/// One value of each kind that the claims are about.
struct Seeds {
    trigger: Trigger,
    revoke: Revoke,
    policy: StandingPolicy,
    adopted: Adopted,
}

impl Seeds {
    fn new() -> Self {
        let agency = AgencyId::new("springfield-pd").unwrap();
        let cameras = Cameras::new([1, 2].map(|n| CameraNumber::new(n).unwrap())).unwrap();
        let rule = Rule {
            id: RuleId(1),
            trigger: RuleTrigger::Press,
            cameras,
            agency,
            rights: Rights::LIVE,
            longest: Ttl::from_secs(600).unwrap(),
            pre_roll_secs: 0,
        };
        let press = Press {
            level: Level::Panic,
            silent: false,
            drill: false,
            at: PressedAt::Phone,
            by: PersonId::new("person-7").unwrap(),
            cameras: [CameraNumber::new(2).unwrap()].into(),
            note: Note::new("back door").unwrap(),
        };
        let trigger = Trigger {
            id: TriggerId([1; 16]),
            made_at: WallTime(5),
            kind: TriggerKind::Press(press),
        };
        let policy = StandingPolicy::new(PolicyVersion(3), vec![rule]).unwrap();
        let Answer::Opens(terms) = policy.answer(&trigger, &Circumstances::default()) else {
            panic!("the seeds fit each other")
        };
        let adopted = Adopted {
            grant: GrantId([2; 16]),
            trigger: trigger.id,
            cause: Cause::Standing,
            terms: terms.iter().next().unwrap().clone(),
            remaining_ms: 60_000,
        };
        Self {
            revoke: Revoke {
                id: RevokeId([4; 16]),
                scope: Scope::Trigger(trigger.id),
                reason: Reason::Owner,
            },
            trigger,
            policy,
            adopted,
        }
    }

    fn envelopes(self) -> Vec<Vec<u8>> {
        vec![
            seal(&Canonical::of(self.trigger)),
            seal(&Canonical::of(self.revoke)),
            seal(&Canonical::of(self.policy)),
        ]
    }

    fn frames(self) -> Vec<Vec<u8>> {
        use link::device_frame::Body;
        let opened = opened_message(&self.adopted, 9);
        let envelope = seal(&Canonical::of(self.trigger));
        let instruct = link::Instruct {
            trigger_id: vec![1; 16],
            envelope: envelope.clone(),
            age_ms: 7,
            words: Vec::new(),
        };
        let wanted = link::Wanted {
            instructions: vec![instruct],
            ended_grants: vec![vec![2; 16]],
        };
        let pressed = link::Pressed {
            trigger_id: vec![1; 16],
            envelope,
            age_ms: 7,
            opened: vec![opened.clone()],
        };
        let device = |body| {
            let frame = link::DeviceFrame {
                seq: 3,
                body: Some(body),
            };
            frame.encode_to_vec()
        };
        let hub = link::HubFrame {
            body: Some(link::hub_frame::Body::Wanted(wanted)),
        };
        vec![
            device(Body::Opened(opened)),
            device(Body::Pressed(pressed)),
            hub.encode_to_vec(),
        ]
    }
}

/// One of the seeds with a few bytes put over, in or out, as a fuzzer would do it.
fn near(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let edit = (any::<prop::sample::Index>(), any::<u8>(), 0..3u8);
    let edits = prop::collection::vec(edit, 0..6);
    (prop::sample::select(seeds), edits).prop_map(|(mut bytes, edits)| {
        for (at, byte, how) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn an_envelope_is_refused_or_has_one_form(bytes in near(Seeds::new().envelopes())) {
        claims::envelope(&bytes);
    }

    #[test]
    fn no_frame_is_too_strange_to_read(bytes in near(Seeds::new().frames())) {
        claims::frames(&bytes);
    }

    #[test]
    fn no_policy_says_yes_to_a_camera_outside_its_rule(
        policy in near(vec![Canonical::of(Seeds::new().policy).bytes().to_vec()]),
        trigger in near(vec![Canonical::of(Seeds::new().trigger).bytes().to_vec()]),
    ) {
        claims::policy(&policy, &trigger);
    }

    #[test]
    fn bytes_from_nowhere_are_no_exception(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        claims::envelope(&bytes);
        claims::frames(&bytes);
        claims::policy(&bytes, &bytes);
    }
}
