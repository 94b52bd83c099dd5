//! Signatures and origins. The refusals of each kind are in the vectors, with those of the wire.

#![expect(clippy::unwrap_used, reason = "tests")]

use crate::gate::tests::Who;
use crate::*;

const HASH: ObjectHash = ObjectHash([7; 32]);

fn origins() -> Origins {
    Origin::new("https://owner.example").unwrap().into()
}

#[test]
fn what_is_signed_begins_with_what_it_is() {
    let signed = SignedBytes::new("trigger.1", b"ab").unwrap();
    let expected = b"ASSENT-SIG-v1\0\0\x09trigger.1\0\0\0\x02ab";
    assert_eq!(signed.as_bytes(), expected);
    assert_ne!(
        signed.hash(),
        SignedBytes::new("trigger.2", b"ab").unwrap().hash()
    );
    assert_eq!(SignedBytes::new(&"x".repeat(65_536), b""), None);
}

#[test]
fn a_signature_is_good_for_its_word_and_its_key_only() {
    for who in [Who::OwnerPhone, Who::Owner] {
        let proof = who.sign(HASH).proof;
        let verify = |key: &PublicKey, hash| P256.verify(key, hash, &proof, &origins());
        assert_eq!(verify(&who.public(), &HASH), Ok(()));
        let other = verify(&who.public(), &ObjectHash([8; 32]));
        assert_eq!(other, Err(BadProof::BadSignature));
        let stranger = verify(&Who::Stranger.public(), &HASH);
        assert_eq!(stranger, Err(BadProof::BadSignature));
    }
}

#[test]
fn any_of_the_accepted_origins_will_do() {
    let two = ["https://owner.example", "http://owner.localhost:8080"];
    let two = Origins::new(two.map(|text| Origin::new(text).unwrap()).to_vec()).unwrap();
    for text in ["https://owner.example", "http://owner.localhost:8080"] {
        let proof = Proof::Passkey(Who::Owner.assert(HASH, text, 5));
        assert_eq!(
            P256.verify(&Who::Owner.public(), &HASH, &proof, &two),
            Ok(())
        );
    }
    let other = Proof::Passkey(Who::Owner.assert(HASH, "http://owner.localhost", 5));
    let verified = P256.verify(&Who::Owner.public(), &HASH, &other, &two);
    assert_eq!(verified, Err(BadProof::WrongOrigin));
    assert_eq!(Origins::new(Vec::new()), None);
}

#[test]
fn an_origin_is_written_as_browsers_do() {
    for good in [
        "https://a.example",
        "https://a.example:8443",
        "http://localhost:80",
        "http://o.localhost",
    ] {
        assert_eq!(Origin::new(good).unwrap().as_str(), good);
    }
    let nowhere = Origin::nowhere();
    assert_eq!(Origin::new(nowhere.as_str()), Ok(nowhere));
    for bad in [
        "",
        "a.example",
        "http://a.example",
        "https://",
        "https://A.example",
        "https://a.example/",
        "https://a.example:",
        "https://a.example:0",
        "https://a.example:080",
        "https://a.example:65536",
        "https://u@a.example",
        "ftp://localhost",
        "https://a b",
        "http://xlocalhost",
        "https://a:1:2",
    ] {
        assert_eq!(Origin::new(bad), Err(BadOrigin), "{bad}");
    }
    assert_eq!(
        Origin::new("https://a.example:8443").unwrap().host(),
        "a.example"
    );
}

#[test]
fn signatures_are_one_to_four_in_order() {
    let mut two = vec![Who::Owner.sign(HASH), Who::OwnerPhone.sign(HASH)];
    two.sort_by_key(|signature| signature.key);
    assert!(Signatures::new(two.clone()).unwrap().only().is_none());
    two.reverse();
    assert_eq!(Signatures::new(two.clone()), Err(BadSignatures));
    let twice = vec![two[0].clone(), two[0].clone()];
    assert_eq!(Signatures::new(twice), Err(BadSignatures));
    assert_eq!(Signatures::new(Vec::new()), Err(BadSignatures));
}

#[test]
fn an_assertions_parts_have_bounds() {
    let made =
        |data, client, der| PasskeyAssertion::new(vec![0; data], vec![0; client], vec![0; der]);
    assert!(made(37, 1, 1).is_ok() && made(256, 1024, 72).is_ok());
    for (data, client, der) in [
        (36, 1, 1),
        (257, 1, 1),
        (37, 0, 1),
        (37, 1025, 1),
        (37, 1, 0),
        (37, 1, 73),
    ] {
        assert_eq!(made(data, client, der), Err(BadAssertion));
    }
}
