//! An owner's words over the line, as the hub carries them: pairing, papers, nonces, a press, what is refused,
//! and what closes.

use assent_consent::{Nonce, RevokeScope, Succession, TriggerId};

use super::*;
use crate::gate::Confirmed;
use crate::soft_owner::{Key, Owner, on_press, seal, second};

impl Hub {
    /// The next frame of this kind; others are passed over.
    async fn hears<T>(&mut self, which: impl Fn(Said) -> Option<T>) -> T {
        loop {
            if let Some(found) = self.next().await.body.and_then(&which) {
                return found;
            }
        }
    }

    async fn nonce(&mut self, key: Key) -> Nonce {
        let id = key.id().0.to_vec();
        self.say(hub_frame::Body::NonceAsk(link::NonceAsk {
            ask: 1,
            key: id,
        }))
        .await;
        let given = self.hears(|said| match said {
            Said::NonceGiven(given) => Some(given),
            _ => None,
        });
        Nonce(given.await.nonce.try_into().unwrap())
    }

    async fn present(&mut self, envelope: Vec<u8>) -> link::Presented {
        let envelopes = vec![envelope];
        self.say(hub_frame::Body::Present(link::Present { envelopes }))
            .await;
        self.hears(|said| match said {
            Said::Presented(presented) => Some(presented),
            _ => None,
        })
        .await
    }

    async fn instruct(&mut self, id: u8, envelope: Vec<u8>, words: Vec<Vec<u8>>) {
        let instruct = link::Instruct {
            trigger_id: vec![id; 16],
            envelope,
            age_ms: 0,
            words,
        };
        self.say(hub_frame::Body::Instruct(instruct)).await;
    }

    async fn opened(&mut self) -> link::Opened {
        self.hears(|said| match said {
            Said::Opened(opened) => Some(opened),
            _ => None,
        })
        .await
    }

    async fn stop_done(&mut self) -> link::StopDone {
        self.hears(|said| match said {
            Said::StopDone(done) => Some(done),
            _ => None,
        })
        .await
    }

    async fn in_force(&mut self) -> link::InForce {
        self.hears(|said| match said {
            Said::InForce(in_force) => Some(in_force),
            _ => None,
        })
        .await
    }

    async fn greeted(&mut self) -> link::Hello {
        self.hears(|said| match said {
            Said::Hello(hello) => Some(hello),
            _ => None,
        })
        .await
    }

    /// The whole way from the code on the device's screen to an owner.
    async fn pair(&mut self, device: &Device) -> Owner {
        let invitation = device.gate.invitation(false).await.unwrap().unwrap();
        let owner = Owner::scan(invitation.url());
        let hello = owner.hello(None);
        let body = hello.clone();
        self.say(hub_frame::Body::PairingHello(link::PairingHello { body }))
            .await;
        let mut status = device.gate.status();
        status
            .wait_for(|status| status.standing.waits.is_some())
            .await
            .unwrap();
        assert_eq!(device.gate.confirm().await, Ok(Confirmed::Paired));
        let answer = self.hears(|said| match said {
            Said::PairingAnswer(answer) => Some(answer),
            _ => None,
        });
        owner.read_answer(&hello, &answer.await.body);
        owner
    }
}

#[tokio::test]
async fn an_owner_pairs_signs_a_policy_presses_and_stops_over_the_line() {
    let (dir, mut hub) = (folder(), Hub::start().await);
    let device = Device::start(&dir, &hub.claim()).await;
    let consent = hub.greeted().await.consent.unwrap();
    assert_eq!((consent.paired, consent.epoch), (false, 1));
    let owner = hub.pair(&device).await;
    let consent = hub.in_force().await.consent.unwrap();
    assert!(consent.paired && consent.owner_set_version == 1 && consent.ceiling_version == 1);

    let policy = owner.policy(Succession::FIRST, vec![on_press(&[1])]);
    let said = hub.present(seal(&policy, Key::OwnerPasskey)).await;
    assert_eq!(said.refusal(), link::Refusal::Unspecified);
    let nonce = hub.nonce(Key::OwnerPhone).await;
    let press = seal(&owner.press(1, nonce), Key::OwnerPhone);
    hub.instruct(1, press.clone(), Vec::new()).await;
    let opened = hub.opened().await;
    assert_eq!(opened.trigger_id, [1; 16]);
    assert!(device.gate.permissions().borrow().contains_key(&camera()));

    let revoke = owner.revoke(2, RevokeScope::Trigger(TriggerId([1; 16])));
    let end = link::End {
        revoke_id: vec![2; 16],
        envelope: seal(&revoke, Key::StaffPhone),
    };
    hub.say(hub_frame::Body::End(end)).await;
    assert_eq!(hub.stop_done().await.grant_ids, [opened.grant_id]);
    assert!(device.gate.permissions().borrow().is_empty());
    // The same press once more, from a hub that kept it.
    hub.instruct(1, press, Vec::new()).await;
    let refused = hub.hears(|said| match said {
        Said::Refused(refused) => Some(refused),
        _ => None,
    });
    assert_eq!(refused.await.refusal(), link::Refusal::Revoked);
    device.end().await;
}

#[tokio::test]
async fn a_press_brings_the_newest_policy_along_and_the_hub_may_close_it() {
    let (dir, mut hub) = (folder(), Hub::start().await);
    let mut device = Device::start(&dir, &hub.claim()).await;
    let owner = hub.pair(&device).await;
    let first = owner.policy(Succession::FIRST, vec![]);
    let said = hub.present(seal(&first, Key::OwnerPasskey)).await;
    assert_eq!(said.refusal(), link::Refusal::Unspecified);
    let newer = owner.policy(second(&first), vec![on_press(&[1])]);
    let nonce = hub.nonce(Key::OwnerPhone).await;
    let press = seal(&owner.press(1, nonce), Key::OwnerPhone);
    let words = vec![seal(&newer, Key::OwnerPasskey)];
    hub.instruct(1, press, words).await;
    let opened = hub.opened().await;
    let close = link::HubClose {
        close_id: vec![3; 16],
        what: Some(link::hub_close::What::Trigger(vec![1; 16])),
        reason: link::hub_close::Reason::Cleared.into(),
    };
    hub.say(hub_frame::Body::HubClose(close)).await;
    assert_eq!(hub.stop_done().await.grant_ids, [opened.grant_id]);

    hub.cut().await;
    device.until_here(false).await;
    device.until_here(true).await;
    let hello = hub.greeted().await;
    assert_eq!(hello.consent.unwrap().policy_version, 2);
    assert_eq!(hello.policy, assent_wire::payload_of(&newer));
    device.end().await;
}
