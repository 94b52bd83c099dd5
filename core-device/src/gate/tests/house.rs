//! A paired device and what its hub hears of it: for tests of an owner's words.

use assent_consent::{Nonce, Origin, Succession};

use super::device::*;
use crate::device_key::DeviceKey;
use crate::device_key::tests::key;
use crate::soft_owner::{Key, OWNER_PAGE, Owner, seal};

/// A device whose file shares camera 1 on a press, with an owner to come. Camera 2 is inside a home.
pub(super) struct House {
    pub(super) device: Device,
    words: broadcast::Receiver<Frame>,
    pub(super) key: DeviceKey,
}

impl House {
    pub(super) fn start(dir: &Path, key: &DeviceKey) -> Self {
        Self::start_with(Memory::open(dir).unwrap(), key)
    }

    pub(super) fn start_with(memory: (Memory, Past), key: &DeviceKey) -> Self {
        let consent = ConsentSetup {
            origins: vec![Origin::new(OWNER_PAGE).unwrap()],
            indoor: [camera(2)].into(),
            key: Some(key.clone()),
        };
        let device = Device::start_under(memory, press_rule(60), consent);
        let words = device.gate.words();
        let key = key.clone();
        Self { device, words, key }
    }

    pub(super) async fn paired(dir: &Path, rules: Vec<Rule>) -> (Self, Owner) {
        let mut house = Self::start(dir, &key());
        let owner = house.scan().await;
        let hello = owner.hello(Some(&owner.policy(Succession::FIRST, rules)));
        house.hello(hello.clone()).await;
        assert_eq!(house.device.gate.confirm().await, Ok(Confirmed::Paired));
        house.answered(&owner, &hello).await;
        (house, owner)
    }

    pub(super) async fn scan(&self) -> Owner {
        let invitation = self.device.gate.invitation(false).await.unwrap();
        Owner::scan(invitation.unwrap().url())
    }

    pub(super) async fn hello(&self, body: Vec<u8>) {
        self.hear(Ask::PairingHello(link::PairingHello { body }))
            .await;
    }

    pub(super) async fn hear(&self, ask: Ask) {
        self.device.gate.hear(ask).await.unwrap();
    }

    /// The next word to the hub that is of this kind.
    pub(super) async fn said<T>(&mut self, which: impl Fn(Frame) -> Option<T>) -> T {
        let next = async {
            loop {
                if let Some(said) = which(self.words.recv().await.unwrap()) {
                    return said;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), next)
            .await
            .unwrap()
    }

    pub(super) async fn answered(&mut self, owner: &Owner, hello: &[u8]) {
        let answer = self.said(|word| match word {
            Frame::PairingAnswer(answer) => Some(answer),
            _ => None,
        });
        let paired = owner.read_answer(hello, &answer.await.body);
        assert_eq!(paired.key, self.key.public().sec1());
        assert_eq!(paired.origins, [OWNER_PAGE]);
    }

    pub(super) async fn nonce(&mut self, key: Key) -> Nonce {
        let id = key.id().0.to_vec();
        self.hear(Ask::NonceAsk(link::NonceAsk { ask: 5, key: id }))
            .await;
        let given = self.said(|word| match word {
            Frame::NonceGiven(given) => Some(given),
            Frame::NonceRefused(refused) => panic!("{:?}", refused.refusal()),
            _ => None,
        });
        Nonce(given.await.nonce.try_into().unwrap())
    }

    pub(super) async fn instruct(&self, id: u8, envelope: Vec<u8>) {
        let instruct = link::Instruct {
            trigger_id: vec![id; 16],
            envelope,
            ..link::Instruct::default()
        };
        self.hear(Ask::Instruct(instruct)).await;
    }

    /// Signed by a phone that has a nonce.
    pub(super) async fn press(&mut self, owner: &Owner, id: u8) {
        let nonce = self.nonce(Key::OwnerPhone).await;
        let press = owner.press(id, nonce);
        self.instruct(id, seal(&press, Key::OwnerPhone)).await;
        self.device
            .until("it opens", |device| device.is_open(1))
            .await;
    }

    /// What the device says to one word that opens nothing by itself.
    pub(super) async fn present(&mut self, envelope: Vec<u8>) -> link::Presented {
        let envelopes = vec![envelope];
        self.hear(Ask::Present(link::Present { envelopes })).await;
        self.presented().await
    }

    pub(super) async fn presented(&mut self) -> link::Presented {
        self.said(|word| match word {
            Frame::Presented(presented) => Some(presented),
            _ => None,
        })
        .await
    }

    pub(super) async fn stop_done(&mut self) -> link::StopDone {
        self.said(|word| match word {
            Frame::StopDone(done) => Some(done),
            _ => None,
        })
        .await
    }

    /// The refusal that was written down for this trigger.
    pub(super) async fn refused(&self, id: u8) -> link::Refusal {
        let why = |device: &Device| {
            device.facts().iter().find_map(|fact| match fact {
                Frame::Refused(refused) if refused.trigger_id == [id; 16] => {
                    Some(refused.refusal())
                }
                _ => None,
            })
        };
        self.device
            .until("it is refused", |device| why(device).is_some())
            .await;
        why(&self.device).unwrap()
    }

    pub(super) fn standing(&self) -> Standing {
        self.device.gate.status().borrow().standing.clone()
    }
}
