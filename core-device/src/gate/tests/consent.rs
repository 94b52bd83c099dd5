//! A device and its owner: paired, it obeys signed words only, keeps them through a loss of power, and
//! belongs to nobody again after a reset.

use assent_consent::{Nonce, ObjectHash, RevokeScope, Succession, Word};
use assent_wire::link::hub_close::{Reason as Closes, What};

use super::device::*;
use super::house::House;
use crate::device_key::tests::key;
use crate::soft_owner::{Key, OWNER_PAGE, Owner, on_gunshot, on_press, seal, second, town_set};

#[tokio::test]
async fn a_paired_device_opens_on_a_signed_press_and_shuts_on_a_signed_revoke() {
    let dir = folder();
    let (mut house, owner) = House::paired(dir.path(), vec![on_press(&[1])]).await;
    house.press(&owner, 1).await;
    let revoke = owner.revoke(7, RevokeScope::Trigger(TriggerId([1; 16])));
    let end = link::End {
        revoke_id: vec![7; 16],
        envelope: seal(&revoke, Key::StaffPhone),
    };
    house.device.gate.end(end).await.unwrap();
    assert_eq!(house.stop_done().await.grant_ids.len(), 1);
    assert!(!house.device.is_open(1));
}

#[tokio::test]
async fn a_paired_device_ignores_its_file_and_the_hubs_unsigned_words() {
    let dir = folder();
    let (mut house, _) = House::paired(dir.path(), vec![]).await;
    let pressed = house.device.press().await;
    assert_eq!(pressed.refusal, Some(Refusal::NoRule.into()));
    let unsigned = instruct(1, phone_press(&[]), 0);
    house.hear(Ask::Instruct(unsigned)).await;
    assert_eq!(house.refused(1).await, link::Refusal::Malformed);
    house
        .device
        .gate
        .end(end(2, Scope::Everything))
        .await
        .unwrap();
    assert_eq!(house.stop_done().await.refusal(), link::Refusal::Malformed);
    assert!(!house.device.is_open(1));
}

#[tokio::test]
async fn the_button_opens_what_a_signed_press_rule_names_and_the_hub_may_only_close() {
    let dir = folder();
    let (mut house, _) = House::paired(dir.path(), vec![on_press(&[1])]).await;
    let opened = house.device.press().await.opened;
    assert!(house.device.is_open(1) && opened.len() == 1);
    let close = link::HubClose {
        close_id: vec![3; 16],
        what: Some(What::Grant(opened[0].0.to_vec())),
        reason: Closes::Cleared.into(),
    };
    house.device.gate.hub_closes(close).await.unwrap();
    assert_eq!(house.stop_done().await.revoke_id, vec![3; 16]);
    assert!(!house.device.is_open(1));
    house
        .device
        .until("it is the hub's doing", |device| {
            ends(&device.facts()) == [EndCause::ClearedByAgency]
        })
        .await;
}

#[tokio::test]
async fn each_wrong_way_to_open_has_its_own_refusal_and_opens_nothing() {
    use link::Refusal as R;
    let dir = folder();
    let rules = vec![on_press(&[1]), on_gunshot(&[1])];
    let (mut house, owner) = House::paired(dir.path(), rules).await;
    let (phone, stale) = (Key::OwnerPhone, Nonce([9; 16]));
    let elsewhere = Owner::scan(&format!(
        "{OWNER_PAGE}/#p={}.AAECAwQFBgcICQoLDA0ODw",
        "ab".repeat(32)
    ));
    let later = Owner::scan(&format!(
        "{OWNER_PAGE}/#p={}.AAECAwQFBgcICQoLDA0ODw.2",
        owner.to.device
    ));
    house.instruct(1, vec![0; 70_000]).await;
    assert_eq!(house.refused(1).await, R::TooLong);
    house.instruct(2, vec![0xff; 9]).await;
    assert_eq!(house.refused(2).await, R::NotProtobuf);
    let mut unknown = seal(&owner.press(3, stale), phone);
    unknown.extend([0x38, 1]);
    house.instruct(3, unknown).await;
    assert_eq!(house.refused(3).await, R::NotCanonical);
    house
        .instruct(4, seal(&elsewhere.press(4, stale), phone))
        .await;
    assert_eq!(house.refused(4).await, R::WrongDevice);
    house.instruct(5, seal(&later.press(5, stale), phone)).await;
    assert_eq!(house.refused(5).await, R::WrongEpoch);
    house.instruct(6, seal(&owner.press(6, stale), phone)).await;
    assert_eq!(house.refused(6).await, R::StaleNonce);
    // Another's nonce is none.
    let nonce = house.nonce(phone).await;
    house
        .instruct(7, seal(&owner.press(7, nonce), Key::Stranger))
        .await;
    assert_eq!(house.refused(7).await, R::StaleNonce);
    house.instruct(8, seal(&owner.press(9, nonce), phone)).await;
    assert_eq!(house.refused(8).await, R::Malformed);
    let nonce = house.nonce(phone).await;
    let mut forged = seal(&owner.press(10, nonce), phone);
    *forged.last_mut().unwrap() ^= 1;
    house.instruct(10, forged).await;
    assert_eq!(house.refused(10).await, R::BadSignature);
    let nonce = house.nonce(Key::StaffPhone).await;
    house
        .instruct(11, seal(&owner.terms(11, nonce, 60), Key::StaffPhone))
        .await;
    assert_eq!(house.refused(11).await, R::NotAllowed);
    let nonce = house.nonce(Key::OwnerPasskey).await;
    house
        .instruct(12, seal(&owner.terms(12, nonce, 7_200), Key::OwnerPasskey))
        .await;
    assert_eq!(house.refused(12).await, R::AboveCeiling);
    house
        .instruct(13, seal(&owner.alert(13, stale), Key::AlertSigner))
        .await;
    assert_eq!(house.refused(13).await, R::StaleNonce);
    assert!(!house.device.is_open(1) && !house.device.is_open(2));
    let refused = house.device.gate.status().borrow().refused.clone();
    assert_eq!(refused["STALE_NONCE"], 3);
}

#[tokio::test]
async fn a_nonce_is_good_once_and_only_for_keys_that_the_owner_named() {
    let dir = folder();
    let (mut house, owner) = House::paired(dir.path(), vec![on_press(&[1])]).await;
    let nonce = house.nonce(Key::OwnerPhone).await;
    let envelope = seal(&owner.press(1, nonce), Key::OwnerPhone);
    house.instruct(1, envelope).await;
    house
        .device
        .until("it opens", |device| device.is_open(1))
        .await;
    house.device.gate.stop_everything().await;
    house
        .instruct(2, seal(&owner.press(2, nonce), Key::OwnerPhone))
        .await;
    assert_eq!(house.refused(2).await, link::Refusal::StaleNonce);
    let key = Key::Stranger.id().0.to_vec();
    house
        .hear(Ask::NonceAsk(link::NonceAsk { ask: 6, key }))
        .await;
    let refused = house.said(|word| match word {
        Frame::NonceRefused(refused) => Some(refused),
        _ => None,
    });
    assert_eq!(refused.await.refusal(), link::Refusal::UnknownKey);
}

#[tokio::test]
async fn a_camera_inside_a_home_opens_on_no_alert() {
    let dir = folder();
    let (mut house, owner) = House::paired(dir.path(), vec![on_gunshot(&[1, 2])]).await;
    let town = seal(&town_set(), Key::Supervisor);
    assert_eq!(
        house.present(town).await.refusal(),
        link::Refusal::Unspecified
    );
    let nonce = house.nonce(Key::AlertSigner).await;
    house
        .instruct(1, seal(&owner.alert(1, nonce), Key::AlertSigner))
        .await;
    house
        .device
        .until("it opens", |device| device.is_open(1))
        .await;
    assert!(!house.device.is_open(2));
}

#[tokio::test]
async fn words_and_receipts_survive_a_loss_of_power() {
    let dir = folder();
    let (mut house, owner) = House::paired(dir.path(), vec![on_press(&[1])]).await;
    let before = house.standing();
    let cancel = owner.revoke(1, RevokeScope::Key(Key::StaffPhone.id()));
    let end = link::End {
        revoke_id: vec![1; 16],
        envelope: seal(&cancel, Key::OwnerPasskey),
    };
    house.device.gate.end(end).await.unwrap();
    assert_eq!(
        house.stop_done().await.refusal(),
        link::Refusal::Unspecified
    );
    house
        .said(|word| matches!(word, Frame::InForce(_)).then_some(()))
        .await;
    let (key, dir) = (house.key.clone(), house.device.lose_power(&dir).await);
    let mut house = House::start(dir.path(), &key);
    assert_eq!(house.standing(), before);
    house.press(&owner, 2).await;
    house
        .hear(Ask::NonceAsk(link::NonceAsk {
            ask: 1,
            key: Key::StaffPhone.id().0.to_vec(),
        }))
        .await;
    let refused = house.said(|word| match word {
        Frame::NonceRefused(refused) => Some(refused),
        _ => None,
    });
    assert_eq!(refused.await.refusal(), link::Refusal::KeyCancelled);
}

#[tokio::test]
async fn only_somebody_at_the_device_completes_a_pairing_or_raises_the_ceiling() {
    let dir = folder();
    let mut house = House::start(dir.path(), &key());
    assert_eq!(house.device.gate.confirm().await, Ok(Confirmed::Nothing));
    let owner = house.scan().await;
    let hello = owner.hello(None);
    house.hello(hello.clone()).await;
    house.device.press().await;
    assert!(
        !house.standing().paired,
        "a press for help agrees to nothing"
    );
    assert_eq!(house.standing().waits, Some(WaitsFor::Pairing));
    assert_eq!(house.device.gate.confirm().await, Ok(Confirmed::Paired));
    house.answered(&owner, &hello).await;
    assert!(!house.device.is_open(1), "what the file opened is over");
    // The answer may be lost: the same hello again gets the same answer.
    house.hello(hello.clone()).await;
    house.answered(&owner, &hello).await;
    let first = owner.ceiling(Succession::FIRST, 3_600);
    let higher = owner.ceiling(second(&first), 7_200);
    let said = house.present(seal(&higher, Key::OwnerPasskey)).await;
    assert!(said.waits_for_press && house.standing().ceiling == 1);
    assert_eq!(house.device.gate.confirm().await, Ok(Confirmed::Ceiling));
    let said = house.presented().await;
    assert!(!said.waits_for_press && said.refusal() == link::Refusal::Unspecified);
    assert_eq!(house.standing().ceiling, 2);
}

#[tokio::test]
async fn wrong_secrets_end_the_secret_and_a_new_code_is_made_at_the_device_only() {
    let dir = folder();
    let house = House::start(dir.path(), &key());
    let owner = house.scan().await;
    let guess = format!("{OWNER_PAGE}/#p={}.AAECAwQFBgcICQoLDA0ODw", owner.to.device);
    let guess = Owner::scan(&guess).hello(None);
    for _ in 0..5 {
        house.hello(guess.clone()).await;
    }
    house.hello(owner.hello(None)).await;
    assert_eq!(house.device.gate.confirm().await, Ok(Confirmed::Nothing));
    assert!(house.device.gate.invitation(false).await.unwrap().is_none());
    let again = house.device.gate.invitation(true).await.unwrap().unwrap();
    house.hello(Owner::scan(again.url()).hello(None)).await;
    assert_eq!(house.device.gate.confirm().await, Ok(Confirmed::Paired));
}

#[tokio::test]
async fn an_owner_stays_until_a_factory_reset_which_every_later_owner_sees() {
    let dir = folder();
    let (mut house, first) = House::paired(dir.path(), vec![on_press(&[1])]).await;
    assert!(house.device.gate.invitation(true).await.unwrap().is_none());
    house
        .hello(first.hello(Some(&first.policy(Succession::FIRST, vec![]))))
        .await;
    assert_eq!(house.device.gate.confirm().await, Ok(Confirmed::Nothing));
    house.press(&first, 1).await;
    let reset = house.device.gate.reset().await.unwrap();
    assert_eq!((reset.epoch, reset.kept), (2, true));
    assert!(!house.device.is_open(1) && !house.standing().paired);
    let next = house.scan().await;
    assert_eq!(next.to.epoch.get(), 2);
    house.hello(next.hello(None)).await;
    assert_eq!(house.device.gate.confirm().await, Ok(Confirmed::Paired));
    let old = first.policy(Succession::FIRST, vec![on_press(&[1])]);
    let said = house.present(seal(&old, Key::OwnerPasskey)).await;
    assert_eq!(said.refusal(), link::Refusal::WrongEpoch);
    let (key, dir) = (house.key.clone(), house.device.lose_power(&dir).await);
    let house = House::start(dir.path(), &key);
    assert_eq!((house.standing().paired, house.standing().epoch), (true, 2));
    let journal = std::fs::read(dir.path().join("journal/segment-000000000001")).unwrap();
    // A receipt of a reset: field 17, with the new epoch in it.
    let reset = [0x8a, 0x01, 0x02, 0x08, 0x02];
    assert!(journal.windows(reset.len()).any(|bytes| bytes == reset));
}

#[tokio::test]
async fn without_a_disk_words_are_not_called_taken_and_no_alert_opens_but_a_press_does() {
    let dir = folder();
    let rules = vec![on_press(&[1]), on_gunshot(&[1])];
    let (mut house, owner) = House::paired(dir.path(), rules).await;
    let town = seal(&town_set(), Key::Supervisor);
    house.present(town).await;
    let key = house.key.clone();
    house.device.end().await;
    let mut house = House::start_with(Memory::broken(dir.path()).unwrap(), &key);
    // Versions between may be missing.
    let later = Succession::new(3, Some(ObjectHash([1; 32]))).unwrap();
    let next = owner.policy(later, vec![on_gunshot(&[1])]);
    let said = house.present(seal(&next, Key::OwnerPasskey)).await;
    assert_eq!(said.refusal(), link::Refusal::NotDurable);
    let nonce = house.nonce(Key::AlertSigner).await;
    house
        .instruct(1, seal(&owner.alert(1, nonce), Key::AlertSigner))
        .await;
    let refused = house.said(|word| match word {
        Frame::Refused(refused) => Some(refused),
        _ => None,
    });
    assert_eq!(refused.await.refusal(), link::Refusal::NotDurable);
    assert!(!house.device.is_open(1));
}

#[tokio::test]
async fn a_device_that_belongs_to_nobody_takes_no_words() {
    let dir = folder();
    let mut house = House::start(dir.path(), &key());
    let owner = house.scan().await;
    let policy: Word = owner.policy(Succession::FIRST, vec![]);
    let said = house.present(seal(&policy, Key::OwnerPasskey)).await;
    assert_eq!(said.refusal(), link::Refusal::NotPaired);
}

#[tokio::test]
async fn a_key_is_called_cancelled_only_when_a_loss_of_power_cannot_bring_it_back() {
    let dir = folder();
    let (house, owner) = House::paired(dir.path(), vec![on_press(&[1])]).await;
    let key = house.key.clone();
    house.device.end().await;
    let mut house = House::start_with(Memory::broken(dir.path()).unwrap(), &key);
    house.press(&owner, 1).await;
    let cancel = owner.revoke(2, RevokeScope::Key(Key::OwnerPhone.id()));
    let end = link::End {
        revoke_id: vec![2; 16],
        envelope: seal(&cancel, Key::OwnerPasskey),
    };
    house.device.gate.end(end).await.unwrap();
    let done = house.stop_done().await;
    assert_eq!(done.refusal(), link::Refusal::NotDurable);
    assert_eq!(done.grant_ids.len(), 1);
    assert!(!house.device.is_open(1), "shut all the same");
}
