//! Signatures that do not stand for the word they are under, and what each is refused as.

use assent_consent::{BadProof, ObjectHash, Proof, Word};
use assent_wire::hash_of;

use super::keys::{Authenticator, Key};
use super::scene;

pub(crate) struct Forged {
    pub(crate) name: &'static str,
    pub(crate) refusal: BadProof,
    pub(crate) signer: Key,
    pub(crate) hash: ObjectHash,
    pub(crate) proof: Proof,
}

pub(crate) fn signatures() -> Vec<Forged> {
    let hash = hash_of(&Word::Policy(scene::policy())).unwrap();
    let other = hash_of(&Word::Policy(scene::second_policy())).unwrap();
    let refused = |name, refusal, signer, proof| Forged {
        name,
        refusal,
        signer,
        hash,
        proof,
    };
    let phone = Key::OwnerPhone;
    let mut all = vec![
        refused(
            "raw, of another word",
            BadProof::BadSignature,
            phone,
            Proof::Raw(phone.raw(&other)),
        ),
        refused(
            "raw, by another key",
            BadProof::BadSignature,
            phone,
            Proof::Raw(Key::StaffPhone.raw(&hash)),
        ),
        refused(
            "raw, all noughts",
            BadProof::BadSignature,
            phone,
            Proof::Raw([0; 64]),
        ),
    ];
    for (name, refusal, authenticator) in wrong_authenticators() {
        let proof = Proof::Passkey(authenticator.assert(Key::OwnerPasskey, &hash));
        all.push(refused(name, refusal, Key::OwnerPasskey, proof));
    }
    let plain = Authenticator::of(Key::OwnerPasskey);
    let of_another = Proof::Passkey(plain.assert(Key::OwnerPasskey, &other));
    let by_another = Proof::Passkey(plain.assert(Key::SecondPasskey, &hash));
    let passkey = Key::OwnerPasskey;
    all.push(refused(
        "passkey, of another word",
        BadProof::BadSignature,
        passkey,
        of_another,
    ));
    all.push(refused(
        "passkey, by another key",
        BadProof::BadSignature,
        passkey,
        by_another,
    ));
    all
}

fn wrong_authenticators() -> Vec<(&'static str, BadProof, Authenticator)> {
    let plain = || Authenticator::of(Key::OwnerPasskey);
    vec![
        (
            "made, not asked for",
            BadProof::BadSignature,
            Authenticator {
                kind: "webauthn.create",
                ..plain()
            },
        ),
        (
            "another origin",
            BadProof::WrongOrigin,
            Authenticator {
                origin: "https://owner.example.org.evil.example",
                ..plain()
            },
        ),
        (
            "the console's origin",
            BadProof::WrongOrigin,
            Authenticator {
                origin: "https://console.example.org",
                relying_party: "console.example.org",
                ..plain()
            },
        ),
        (
            "another relying party",
            BadProof::WrongOrigin,
            Authenticator {
                relying_party: "example.org",
                ..plain()
            },
        ),
        (
            "in a frame of another page",
            BadProof::WrongOrigin,
            Authenticator {
                more: r#","crossOrigin":true"#,
                ..plain()
            },
        ),
        (
            "nobody was there",
            BadProof::NotVerified,
            Authenticator {
                flags: 0x04,
                ..plain()
            },
        ),
        (
            "not verified who it was",
            BadProof::NotVerified,
            Authenticator {
                flags: 0x01,
                ..plain()
            },
        ),
        (
            "a key of the client data twice",
            BadProof::BadSignature,
            Authenticator {
                more: r#","origin":"https://owner.example.org""#,
                ..plain()
            },
        ),
    ]
}
