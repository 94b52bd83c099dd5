//! Revocations are a join-semilattice: in any order, repeated, and merged from elsewhere, they close the
//! same. Cancelling the last owner's passkey is left out: it is refused, whichever of two comes second.

use proptest::prelude::*;

use super::house::*;
use crate::*;

fn scope() -> impl Strategy<Value = RevokeScope> {
    prop_oneof![
        (1..6u8, prop_oneof![Just(1u32), Just(2), Just(u32::MAX)]).prop_map(|(id, rule)| {
            let trigger = TriggerId([id; 16]);
            RevokeScope::Grant(GrantId::derive(&TO.device, trigger, RuleId(rule)))
        }),
        (1..6u8).prop_map(|id| RevokeScope::Trigger(TriggerId([id; 16]))),
        (1..5u16).prop_map(|number| RevokeScope::Camera(camera(number))),
        Just(RevokeScope::Everything),
        (1..4u64).prop_map(|version| RevokeScope::Policy(PolicyVersion(version))),
        prop::bool::ANY.prop_map(|town| {
            RevokeScope::Agency(if town {
                town_name()
            } else {
                AgencyHash([9; 32])
            })
        }),
        prop_oneof![
            Just(Who::Staff),
            Just(Who::Household),
            Just(Who::SecondOwner)
        ]
        .prop_map(|who| RevokeScope::Key(who.id())),
    ]
}

/// What is left of the gate's memory and of what is open.
#[derive(Debug, PartialEq)]
struct Left {
    kept: GateKept,
    tombstones: Tombstones,
    pauses: std::collections::BTreeSet<Pause>,
    open: Vec<(GrantId, Vec<CameraNumber>)>,
}

/// The cache saves most of the signing, which is not what this is about.
struct Accepting;

impl Verify for Accepting {
    fn verify(
        &self,
        _: &PublicKey,
        _: &ObjectHash,
        _: &Proof,
        _: &Origins,
    ) -> Result<(), BadProof> {
        Ok(())
    }
}

fn after(house: &House, revokes: &[Sealed]) -> Left {
    let kept = house.gate.kept().clone();
    let mut gate = Gate::restore_with(Accepting, setup(), kept, Default::default());
    let at = house.at;
    let mut nonces = 100;
    for (who, id) in [(Who::OwnerPhone, 1), (Who::Staff, 2), (Who::Household, 3)] {
        nonces += 1;
        let nonce = gate
            .hand_out(who.id(), Nonce([nonces; 16]), at.now.boot)
            .unwrap();
        open(
            &mut gate,
            &at,
            unsigned(Word::Trigger(press(id, nonce)), who),
        );
    }
    let nonce = gate
        .hand_out(Who::Owner.id(), Nonce([50; 16]), at.now.boot)
        .unwrap();
    let word = Word::Terms(terms(4, nonce, 60));
    open(&mut gate, &at, unsigned(word, Who::Owner));
    for sealed in revokes {
        gate.decide(&at, Input::Word(sealed.clone()));
    }
    let open = gate.sharing().live();
    Left {
        kept: gate.kept().clone(),
        tombstones: gate.sharing().tombstones().clone(),
        pauses: gate.sharing().pauses().clone(),
        open: open
            .map(|live| (live.id, live.cameras().collect()))
            .collect(),
    }
}

fn open(gate: &mut Gate<Accepting>, at: &Moment, sealed: Sealed) {
    let decision = gate.decide(at, Input::Word(sealed));
    let Outcome::Opens { grants, .. } = decision.outcome else {
        panic!("{decision:?}");
    };
    for grant in &grants {
        gate.open(*grant, &at.now);
    }
}

fn unsigned(word: Word, who: Who) -> Sealed {
    let hash = hash(&word);
    let passkey = matches!(who, Who::Owner | Who::SecondOwner);
    let proof = if passkey {
        Proof::Passkey(PasskeyAssertion::new(vec![0; 37], vec![0], vec![0]).unwrap())
    } else {
        Proof::Raw([0; 64])
    };
    let signature = Signature {
        key: who.id(),
        proof,
    };
    Sealed {
        word,
        hash,
        signatures: Signatures::new(vec![signature]).unwrap(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn revocations_commute_repeat_and_associate(
        scopes in prop::collection::vec(scope(), 1..7),
        order in any::<prop::sample::Index>(),
        again in any::<prop::sample::Index>(),
    ) {
        let house = House::new();
        let said: Vec<Sealed> = (1..)
            .zip(&scopes)
            .map(|(id, scope)| unsigned(Word::Revoke(revoke(id, *scope)), Who::Owner))
            .collect();
        let plain = after(&house, &said);

        let mut turned = said.clone();
        turned.rotate_left(order.index(said.len()));
        prop_assert_eq!(&after(&house, &turned), &plain, "in another order");
        turned.reverse();
        prop_assert_eq!(&after(&house, &turned), &plain, "backwards");

        let mut repeated = said.clone();
        repeated.push(said[again.index(said.len())].clone());
        repeated.extend(said.clone());
        prop_assert_eq!(&after(&house, &repeated), &plain, "repeated");

        let (head, tail) = said.split_at(order.index(said.len()));
        let mut merged = after(&house, head).kept.closed;
        merged.join(&after(&house, tail).kept.closed);
        prop_assert_eq!(&merged, &plain.kept.closed, "merged from elsewhere");
    }
}
