//! Every word of the scene with whoever signs it.

use assent_consent::{
    CameraNumber, GrantId, PolicyVersion, RevokeScope, Signature, Signatures, TriggerId, Word,
};
use assent_wire::hash_of;

use super::keys::Key;
use super::scene;

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) word: Word,
    pub(crate) signers: Vec<Key>,
}

impl Case {
    /// By key id, as an envelope holds them.
    pub(crate) fn in_order(&self) -> Vec<(Key, Signature)> {
        let hash = hash_of(&self.word).unwrap();
        let mut signed: Vec<_> = self
            .signers
            .iter()
            .map(|key| (*key, key.sign(&hash)))
            .collect();
        signed.sort_by_key(|(_, signature)| signature.key);
        signed
    }

    pub(crate) fn signatures(&self) -> Signatures {
        let list = self.in_order().into_iter().map(|(_, signature)| signature);
        Signatures::new(list.collect()).unwrap()
    }
}

pub(crate) fn cases() -> Vec<Case> {
    let mut all = said_by_owners();
    all.extend(revokes());
    all.extend(said_by_others());
    all
}

fn case(name: &'static str, word: Word, signers: &[Key]) -> Case {
    Case {
        name,
        word,
        signers: signers.to_vec(),
    }
}

fn said_by_owners() -> Vec<Case> {
    use Key::{HouseholdPhone, OwnerPasskey, OwnerPhone, SecondPasskey};
    vec![
        case(
            "the first set, as paired",
            Word::OwnerSet(scene::owner_set()),
            &[OwnerPasskey],
        ),
        case(
            "a second passkey, household and staff; two passkeys from now on",
            Word::OwnerSet(scene::second_owner_set()),
            &[OwnerPasskey],
        ),
        case(
            "the staff's key is gone; the set before wanted two passkeys",
            Word::OwnerSet(scene::third_owner_set()),
            &[OwnerPasskey, SecondPasskey],
        ),
        case(
            "the shop's rules",
            Word::Policy(scene::policy()),
            &[OwnerPasskey],
        ),
        case(
            "a policy that shares nothing",
            Word::Policy(scene::second_policy()),
            &[SecondPasskey],
        ),
        case(
            "the first ceiling",
            Word::Ceiling(scene::ceiling()),
            &[OwnerPasskey],
        ),
        case(
            "ten minutes, by phone",
            Word::Terms(scene::terms(600)),
            &[OwnerPhone],
        ),
        case(
            "a whole day, by passkey",
            Word::Terms(scene::terms(86_400)),
            &[OwnerPasskey],
        ),
        case(
            "a silent panic",
            Word::Trigger(scene::press()),
            &[OwnerPhone],
        ),
        case(
            "a press by passkey",
            Word::Trigger(scene::bare_press()),
            &[OwnerPasskey],
        ),
        case(
            "yes to a gunshot alarm",
            Word::Trigger(scene::approval()),
            &[HouseholdPhone],
        ),
    ]
}

fn revokes() -> Vec<Case> {
    let revoke = |name, scope, signer| case(name, Word::Revoke(scene::revoke(scope)), &[signer]);
    let phone = Key::StaffPhone.public().id();
    let camera = CameraNumber::new(300).unwrap();
    vec![
        revoke(
            "one grant",
            RevokeScope::Grant(GrantId([0x71; 16])),
            Key::OwnerPhone,
        ),
        revoke(
            "one press",
            RevokeScope::Trigger(TriggerId([0x32; 16])),
            Key::StaffPhone,
        ),
        revoke(
            "one camera",
            RevokeScope::Camera(camera),
            Key::HouseholdPhone,
        ),
        revoke("everything", RevokeScope::Everything, Key::StaffPhone),
        revoke(
            "a policy",
            RevokeScope::Policy(PolicyVersion(1)),
            Key::OwnerPhone,
        ),
        revoke(
            "an agency",
            RevokeScope::Agency(scene::agency()),
            Key::OwnerPhone,
        ),
        revoke("a key", RevokeScope::Key(phone), Key::OwnerPasskey),
    ]
}

fn said_by_others() -> Vec<Case> {
    use Key::{AlertSigner, Device, Operator, SupervisorOne};
    vec![
        case(
            "shots at the shop, by the alert signer",
            Word::Alert(scene::alert(Some(scene::place()))),
            &[AlertSigner],
        ),
        case(
            "shots, nobody knows where, by an operator",
            Word::Alert(scene::alert(None)),
            &[Operator],
        ),
        case(
            "an end, as the journal has it",
            Word::Receipt(scene::receipt()),
            &[Device],
        ),
        case(
            "the set that names the agency",
            Word::AgencySet(scene::agency_set()),
            &[SupervisorOne],
        ),
        case(
            "a second supervisor",
            Word::AgencySet(scene::second_agency_set()),
            &[SupervisorOne],
        ),
        case(
            "operator 417 until midnight",
            Word::Operator(scene::operator()),
            &[SupervisorOne],
        ),
    ]
}
