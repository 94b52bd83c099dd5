//! What consent at the edge costs on one core: a whole decision from the bytes of a signed press, and each
//! kind of signature alone. Prints one JSON object; `tests/benches/consent.mjs` reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{anyhow, bail};
use assent_consent::*;
use assent_tests::signing::{Hand, PRESENT_AND_VERIFIED};
use assent_wire::{hash_of, open_word, seal_word};

const HOST: &str = "owner.example.org";
const TO: Addressed = Addressed {
    device: DeviceId([1; 32]),
    epoch: Epoch::FIRST,
};
const AGENCY: AgencyHash = AgencyHash([7; 32]);
const DECISIONS: u32 = 3_000;
const SIGNATURES: u32 = 3_000;

fn main() -> anyhow::Result<()> {
    let people = People::new()?;
    let spent = decisions(&people)?;
    let (passkey, raw) = (verify_passkey(&people)?, verify_raw(&people)?);
    println!(
        "{}",
        serde_json::json!({
            "decisions": DECISIONS,
            "decisions_per_second": f64::from(DECISIONS) / spent.as_secs_f64(),
            "signatures": SIGNATURES,
            "verify_passkey_ms": each_ms(passkey, SIGNATURES),
            "verify_raw_ms": each_ms(raw, SIGNATURES),
        })
    );
    Ok(())
}

fn each_ms(spent: Duration, times: u32) -> f64 {
    spent.as_secs_f64() * 1000.0 / f64::from(times)
}

/// The owner with a passkey and a phone.
struct People {
    passkey: Hand,
    phone: Hand,
}

impl People {
    fn new() -> anyhow::Result<Self> {
        Ok(Self {
            passkey: Hand::from_seed(b"bench passkey")?,
            phone: Hand::from_seed(b"bench phone")?,
        })
    }

    fn sign_by_passkey(&self, word: Word) -> anyhow::Result<Sealed> {
        let hash = hash_of(&word)?;
        let proof = self.passkey.passkey(&hash, HOST, PRESENT_AND_VERIFIED)?;
        sealed(word, hash, self.passkey.id()?, proof)
    }

    fn sign_by_phone(&self, word: Word) -> anyhow::Result<Sealed> {
        let hash = hash_of(&word)?;
        let proof = self.phone.raw(&hash)?;
        sealed(word, hash, self.phone.id()?, proof)
    }
}

fn sealed(word: Word, hash: ObjectHash, key: KeyId, proof: Proof) -> anyhow::Result<Sealed> {
    let signatures = Signatures::new(vec![Signature { key, proof }]);
    Ok(Sealed {
        word,
        hash,
        signatures: signatures.map_err(|_| anyhow!("one signature is enough"))?,
    })
}

/// Presses by phone: read, judged, signature and all. A grant that was asked for is refused again, outside
/// the clock, so that every decision is the first.
fn decisions(people: &People) -> anyhow::Result<Duration> {
    let mut gate = paired(people)?;
    let at = moment();
    let key = people.phone.id()?;
    let mut spent = Duration::ZERO;
    for number in 0..DECISIONS {
        let nonce = Nonce(u128::from(number).to_be_bytes());
        let id = TriggerId(u128::from(number).to_be_bytes());
        let sealed = people.sign_by_phone(Word::Trigger(press(id, nonce)?))?;
        let bytes = seal_word(&sealed.word, &sealed.signatures);
        gate.hand_out(key, nonce, at.now.boot)
            .map_err(|refusal| anyhow!("no nonce: {refusal:?}"))?;
        let begun = Instant::now();
        let word = open_word(&bytes)?;
        let decision = gate.decide(&at, Input::Word(word));
        spent += begun.elapsed();
        if !matches!(decision.outcome, Outcome::Opens { .. }) {
            bail!("not opened: {decision:?}");
        }
        gate.refuse(id, Refusal::NotDurable, at.now.boot);
    }
    Ok(spent)
}

fn verify_passkey(people: &People) -> anyhow::Result<Duration> {
    let hash = ObjectHash([3; 32]);
    let proof = people.passkey.passkey(&hash, HOST, PRESENT_AND_VERIFIED)?;
    verify(&people.passkey.public()?, &hash, &proof)
}

fn verify_raw(people: &People) -> anyhow::Result<Duration> {
    let hash = ObjectHash([3; 32]);
    verify(&people.phone.public()?, &hash, &people.phone.raw(&hash)?)
}

fn verify(key: &PublicKey, hash: &ObjectHash, proof: &Proof) -> anyhow::Result<Duration> {
    let origins = origins()?;
    let begun = Instant::now();
    for _ in 0..SIGNATURES {
        P256.verify(black_box(key), hash, black_box(proof), &origins)
            .map_err(|bad| anyhow!("not verified: {bad:?}"))?;
    }
    Ok(begun.elapsed())
}

fn paired(people: &People) -> anyhow::Result<Gate> {
    let camera = camera()?;
    let setup = GateSetup {
        device: TO.device,
        origins: origins()?,
        cameras: BTreeMap::from([(camera, Site::Outdoor)]),
    };
    let mut gate = Gate::restore(setup, GateKept::new(Epoch::FIRST), Kept::default());
    let set = people.sign_by_passkey(Word::OwnerSet(owner_set(people)?))?;
    let ceiling = people.sign_by_passkey(Word::Ceiling(ceiling()?))?;
    gate.pair(&set, &ceiling)
        .map_err(|refusal| anyhow!("not paired: {refusal:?}"))?;
    let policy = people.sign_by_passkey(Word::Policy(policy()?))?;
    let taken = gate.decide(&moment(), Input::Word(policy));
    if taken.outcome != Outcome::Taken {
        bail!("no policy: {taken:?}");
    }
    Ok(gate)
}

fn owner_set(people: &People) -> anyhow::Result<OwnerSet> {
    let member = |hand: &Hand, kind| -> anyhow::Result<Member> {
        let name = MemberName::new("the owner").map_err(|_| anyhow!("a name"))?;
        Ok(Member {
            key: hand.public()?,
            kind,
            role: Role::Owner,
            name,
        })
    };
    let mut members = vec![
        member(&people.passkey, KeyKind::Passkey)?,
        member(&people.phone, KeyKind::Phone)?,
    ];
    members.sort_by(|a, b| a.key.cmp(&b.key));
    OwnerSet::new(TO, Succession::FIRST, members, 1).map_err(|bad| anyhow!("no set: {bad:?}"))
}

fn ceiling() -> anyhow::Result<Ceiling> {
    let agencies = BTreeSet::from([AGENCY]);
    let limits = (ttl()?, 7200);
    Ceiling::new(
        TO,
        Succession::FIRST,
        limits,
        cameras()?,
        agencies,
        Rights::LIVE,
    )
    .map_err(|bad| anyhow!("no ceiling: {bad:?}"))
}

fn policy() -> anyhow::Result<SignedPolicy> {
    let rule = Rule {
        id: RuleId(1),
        trigger: RuleTrigger::Press,
        cameras: cameras()?,
        agency: AGENCY.into(),
        rights: Rights::LIVE,
        longest: ttl()?,
        pre_roll_secs: 0,
    };
    let rules = StandingPolicy::new(PolicyVersion(1), vec![rule]);
    let rules = rules.map_err(|bad| anyhow!("no rules: {bad:?}"))?;
    let agency = Agency {
        id: AGENCY,
        name: AgencyName::new("the town").map_err(|_| anyhow!("a name"))?,
    };
    SignedPolicy::new(
        TO,
        Succession::FIRST,
        None,
        vec![agency],
        rules,
        WallTime(0),
    )
    .map_err(|bad| anyhow!("no policy: {bad:?}"))
}

fn press(id: TriggerId, nonce: Nonce) -> anyhow::Result<SignedTrigger> {
    let press = Press {
        level: Level::Panic,
        silent: false,
        drill: false,
        at: PressedAt::Phone,
        by: PersonId::new("").map_err(|_| anyhow!("nobody"))?,
        cameras: BTreeSet::new(),
        note: Note::new("").map_err(|_| anyhow!("nothing"))?,
    };
    Ok(SignedTrigger {
        to: TO,
        id,
        nonce,
        made_at: WallTime(0),
        kind: SignedTriggerKind::Press(press),
    })
}

fn moment() -> Moment {
    Moment::default()
}

fn origins() -> anyhow::Result<Origins> {
    let origin = Origin::new(format!("https://{HOST}"));
    Ok(origin.map_err(|_| anyhow!("no origin"))?.into())
}

fn camera() -> anyhow::Result<CameraNumber> {
    CameraNumber::new(1).ok_or_else(|| anyhow!("a camera"))
}

fn cameras() -> anyhow::Result<Cameras> {
    Cameras::new([camera()?]).ok_or_else(|| anyhow!("cameras"))
}

fn ttl() -> anyhow::Result<Ttl> {
    Ttl::from_secs(1800).ok_or_else(|| anyhow!("half an hour"))
}
