//! A device that obeys signed words only: what the hub asks for, passes on untouched, and does of itself.

use super::alerts::gunshot;
use super::*;
use crate::registry::AgencySet;
use crate::testing::signed::{KEY, agency_set, envelope, press, sealed, stop, yes};
use crate::testing::{alert_rule, policy};
use assent_consent::{AgencyHash, GateRefusal, RevokeScope as Signed, Word};
use assent_wire::link::hub_frame::Body;

/// The shop's device is paired, and its rules name the agency by the hash of its keys.
struct Paired {
    scene: Scene,
    agency: AgencyHash,
    by: String,
}

impl Paired {
    async fn new() -> Self {
        Self::on(Engine::Sqlite, |_| {}).await
    }

    async fn on(engine: Engine, more: impl FnOnce(&mut Vec<consent::Rule>)) -> Self {
        let mut scene = Scene::on(engine, Vec::new()).await;
        let set = AgencySet::read(&agency_set()).unwrap();
        let agency = set.name;
        let registry = &scene.test.hub.registry;
        let pd = AgencyId::of_key("pd");
        registry.put_agency_set(pd, set).await.unwrap();
        let mut rules = vec![rule(1, RuleTrigger::Press)];
        more(&mut rules);
        for rule in &mut rules {
            rule.agency = agency.into();
        }
        let now = consent::BootTime(0);
        drop(scene.device.machine.policy_changed(policy(2, rules), now));
        scene.device.pair().await;
        let by = scene.owner.id.to_string();
        Self { scene, agency, by }
    }

    fn word(&self, id: Uuid, nonce: u8) -> Word {
        press(self.scene.device.id, id, nonce, &self.by)
    }

    async fn press(&self, id: Uuid, words: &[Word]) -> crate::Result<Press> {
        let envelopes = words.iter().map(envelope).collect();
        let asked = PressAsked {
            envelopes,
            ..panic()
        };
        self.scene.press(id, asked).await
    }

    async fn live(&mut self) -> Uuid {
        let id = Uuid::new_v4();
        self.press(id, &[self.word(id, 1)]).await.unwrap();
        self.scene.device.obey().await;
        assert_eq!(self.scene.page(id).state, PressState::Opened);
        self.scene.device.heard.clear();
        id
    }

    /// A stop, while the device does what it is told as often as said.
    async fn stop(&mut self, id: Uuid, asked: RevokeAsked, told: usize) -> crate::Result<Revoke> {
        let (sharing, owner) = (self.scene.sharing().clone(), self.scene.owner.clone());
        let said = asked.clone();
        let stopping = tokio::spawn(async move { sharing.revoke(&owner, id, said).await });
        for _ in 0..told {
            self.scene.device.obey().await;
        }
        stopping.await.unwrap()?;
        // The first answer waits a second at most; this one knows what the device has said since.
        let scene = &self.scene;
        scene.sharing().revoke(&scene.owner, id, asked).await
    }
}

fn asked(scope: RevokeScope, words: &[Word]) -> RevokeAsked {
    RevokeAsked {
        scope,
        reason: RevokeReason::Owner,
        envelopes: words.iter().map(envelope).collect(),
    }
}

#[tokio::test]
async fn a_paired_device_gets_what_was_signed_byte_by_byte() {
    let mut paired = Paired::new().await;
    let id = Uuid::new_v4();
    let word = paired.word(id, 1);
    let received = paired.press(id, std::slice::from_ref(&word)).await.unwrap();
    assert_eq!(received.state, PressState::Received);
    paired.scene.device.obey().await;
    assert_eq!(paired.scene.device.heard, [sealed(&word)]);
    assert_eq!(paired.scene.page(id).state, PressState::Opened);
    assert!(
        paired.scene.sees(1),
        "the agency is known by both its names"
    );
}

#[tokio::test]
async fn what_was_signed_and_what_was_asked_must_be_the_same() {
    let paired = Paired::new().await;
    let id = Uuid::new_v4();
    let own = paired.scene.device.id;
    let words = [
        press(own, Uuid::new_v4(), 1, &paired.by),
        press(own, id, 1, &PersonId::of_key("eve").to_string()),
        press(crate::world::DeviceId([9; 32]), id, 1, &paired.by),
        stop(own, id, Signed::Everything),
    ];
    for word in &words {
        let refused = paired.press(id, std::slice::from_ref(word)).await;
        let refused = refused.err().unwrap();
        assert_eq!(refused.slug, "envelope-mismatch");
        assert_eq!(refused.kind, crate::error::Kind::Unprocessable);
    }
    let twice = [paired.word(id, 1), paired.word(id, 2)];
    let twice = paired.press(id, &twice).await;
    assert_eq!(twice.err().unwrap().slug, "envelope-mismatch");
    let relabelled = PressAsked {
        level: LevelText::StaffAlert,
        envelopes: vec![envelope(&paired.word(id, 1))],
        ..panic()
    };
    let refused = paired.scene.press(id, relabelled).await.err().unwrap();
    assert_eq!(refused.slug, "envelope-mismatch");
    let elsewhere = PressAsked {
        camera_ids: Some(vec![paired.scene.device.camera(1).0]),
        envelopes: vec![envelope(&paired.word(id, 1))],
        ..panic()
    };
    let refused = paired.scene.press(id, elsewhere).await.err().unwrap();
    assert_eq!(refused.slug, "envelope-mismatch");
    assert!(paired.scene.sharing().press_by_id(id).is_none());
}

#[tokio::test]
async fn a_press_that_nobody_signed_is_heard_and_opens_only_when_it_is_signed() {
    let mut paired = Paired::new().await;
    paired.scene.device.unplug();
    let id = Uuid::new_v4();
    let heard = paired.press(id, &[]).await.unwrap();
    assert_eq!(heard.state, PressState::Received);
    assert_eq!(heard.sign_for, [paired.scene.device.id.to_string()]);
    paired.scene.device.attach().await;
    paired.scene.device.obey().await;
    assert!(paired.scene.device.heard.is_empty(), "nothing is made up");
    let signed = paired.press(id, &[paired.word(id, 1)]).await.unwrap();
    assert!(signed.sign_for.is_empty());
    paired.scene.device.obey().await;
    assert_eq!(paired.scene.page(id).state, PressState::Opened);
}

#[tokio::test]
async fn a_stale_nonce_asks_for_another_signature_and_is_no_refusal() {
    let mut paired = Paired::new().await;
    let id = Uuid::new_v4();
    paired.press(id, &[paired.word(id, 1)]).await.unwrap();
    paired.scene.device.refuses = Some(GateRefusal::StaleNonce);
    paired.scene.device.obey().await;
    let page = paired.scene.page(id);
    assert_eq!(page.state, PressState::Received);
    assert_eq!(page.sign_for.len(), 1);
    paired.press(id, &[paired.word(id, 2)]).await.unwrap();
    paired.scene.device.obey().await;
    assert_eq!(paired.scene.page(id).state, PressState::Opened);
    let again = paired.press(id, &[paired.word(id, 3)]).await.unwrap();
    assert_eq!(
        again.state,
        PressState::Opened,
        "said once more, it is said once"
    );
}

#[tokio::test]
async fn a_refused_signature_is_told_in_words() {
    let mut paired = Paired::new().await;
    let id = Uuid::new_v4();
    paired.press(id, &[paired.word(id, 1)]).await.unwrap();
    paired.scene.device.refuses = Some(GateRefusal::UnknownKey);
    paired.scene.device.obey().await;
    let page = paired.scene.page(id);
    assert_eq!(page.state, PressState::Refused);
    assert!(page.refusal.unwrap().contains("does not know this phone"));
}

#[tokio::test]
async fn a_signed_press_is_given_again_after_a_new_line_and_a_new_hub() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let mut paired = Paired::on(engine, |_| {}).await;
        paired.scene.device.unplug();
        let id = Uuid::new_v4();
        let word = paired.word(id, 1);
        paired.press(id, std::slice::from_ref(&word)).await.unwrap();
        paired.scene.written().await;
        let hub = &paired.scene.test.hub;
        let after = Sharing::open(
            hub.world.clone(),
            hub.audit.clone(),
            hub.registry.clone(),
            hub.devices.clone(),
            hub.feeds.clone(),
        );
        let after = after.await.unwrap();
        paired.scene.device.hub.sharing = after.clone();
        paired.scene.device.attach().await;
        paired.scene.device.obey().await;
        assert_eq!(paired.scene.device.heard, [sealed(&word)]);
        assert_eq!(after.press_by_id(id).unwrap().state, PressState::Opened);
        paired.scene.end().await;
    }
}

#[tokio::test]
async fn a_signed_stop_reaches_the_device_as_it_was_signed() {
    let mut paired = Paired::new().await;
    let id = paired.live().await;
    let revoke = Uuid::new_v4();
    let word = stop(
        paired.scene.device.id,
        revoke,
        Signed::Trigger(trigger_of(id)),
    );
    let asked = asked(RevokeScope::PressId(id), std::slice::from_ref(&word));
    let stopped = paired.stop(revoke, asked, 1).await.unwrap();
    assert_eq!(stopped.state, RevokeState::Confirmed);
    assert_eq!(paired.scene.device.heard, [sealed(&word)]);
    assert!(!paired.scene.sees(1));
}

#[tokio::test]
async fn an_unsigned_stop_closes_what_the_hub_may_close() {
    let mut paired = Paired::new().await;
    let (first, second) = (paired.live().await, paired.live().await);
    let everything = asked(RevokeScope::PremisesId(PremisesId::of_key("shop").0), &[]);
    let stopped = paired.stop(Uuid::new_v4(), everything, 2).await.unwrap();
    assert_eq!(stopped.state, RevokeState::Confirmed);
    assert_eq!(stopped.stopped.len(), 2);
    assert!(paired.scene.device.heard.is_empty(), "no words are made up");
    assert_eq!(paired.scene.device.machine.live().count(), 0);
    assert_ne!(first, second);
}

#[tokio::test]
async fn a_stop_with_a_bad_envelope_stops_here_all_the_same() {
    let mut paired = Paired::new().await;
    let id = paired.live().await;
    let asked = RevokeAsked {
        envelopes: vec!["AAAA".to_owned()],
        ..asked(RevokeScope::PressId(id), &[])
    };
    let refused = paired.stop(Uuid::new_v4(), asked, 1).await.err().unwrap();
    assert_eq!(refused.slug, "envelope-unreadable");
    assert!(!paired.scene.sees(1));
    assert_eq!(paired.scene.device.machine.live().count(), 0);
}

#[tokio::test]
async fn a_stop_that_the_device_does_not_obey_is_closed_by_the_hub_and_said_so() {
    let mut paired = Paired::new().await;
    let id = paired.live().await;
    let revoke = Uuid::new_v4();
    let word = stop(
        paired.scene.device.id,
        revoke,
        Signed::Trigger(trigger_of(id)),
    );
    paired.scene.device.refuses = Some(GateRefusal::UnknownKey);
    let asked = asked(RevokeScope::PressId(id), &[word]);
    let stopped = paired.stop(revoke, asked, 2).await.unwrap();
    assert_eq!(stopped.state, RevokeState::Confirmed);
    assert!(
        stopped
            .refusal
            .unwrap()
            .contains("does not know this phone")
    );
    assert_eq!(paired.scene.device.machine.live().count(), 0);
}

#[tokio::test]
async fn a_key_is_cancelled_by_the_envelope_alone() {
    let mut paired = Paired::new().await;
    let id = paired.live().await;
    let revoke = Uuid::new_v4();
    let key: KeyName = serde_json::from_value(KEY.to_string().into()).unwrap();
    let unsigned = paired.stop(revoke, asked(RevokeScope::KeyId(key), &[]), 0);
    assert_eq!(unsigned.await.err().unwrap().slug, "signature-needed");
    let word = stop(paired.scene.device.id, revoke, Signed::Key(KEY));
    let signed = asked(RevokeScope::KeyId(key), std::slice::from_ref(&word));
    let cancelled = paired.stop(revoke, signed, 1).await.unwrap();
    assert_eq!(cancelled.state, RevokeState::Confirmed);
    assert_eq!(paired.scene.device.heard, [sealed(&word)]);
    assert_eq!(paired.scene.page(id).state, PressState::Opened);
}

#[tokio::test]
async fn an_all_clear_closes_at_a_paired_device_without_anybodys_signature() {
    let mut paired = Paired::new().await;
    let id = paired.live().await;
    let incident = crate::world::IncidentId(Uuid::new_v4());
    paired.scene.sharing().belongs_to(id, incident);
    let by = PersonId::of_key("op417");
    paired.scene.sharing().clear(incident, by).await;
    let Body::HubClose(_) = paired.scene.device.next().await else {
        panic!("the hub closes")
    };
    assert!(!paired.scene.sees(1));
}

#[tokio::test]
async fn an_unsigned_alert_asks_at_a_paired_device_and_a_signed_yes_opens() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let rules = |rules: &mut Vec<consent::Rule>| rules.push(alert_rule(2, true, 0));
        let mut paired = Paired::on(engine, rules).await;
        let trigger = gunshot(0);
        let alert = trigger.id;
        let shop = PremisesId::of_key("shop");
        let sharing = paired.scene.sharing().clone();
        let answer = sharing.alert(shop, trigger, 0, None).await.unwrap();
        assert_eq!(
            answer,
            AlertAnswer::Asked,
            "a rule that opens asks all the same"
        );
        let ask = sharing.asks(&paired.scene.owner).remove(0);
        assert_eq!(ask.signed_as, Some(paired.agency.to_string()));
        let said = |words: &[Word]| ApprovalAsked {
            answer: YesNo::Yes,
            envelopes: words.iter().map(envelope).collect(),
        };
        let owner = paired.scene.owner.clone();
        let unsigned = sharing.approve(&owner, ask.alert_id, said(&[])).await;
        assert_eq!(unsigned.err().unwrap().slug, "signature-needed");
        let other = yes(
            paired.scene.device.id,
            alert,
            AgencyHash([9; 32]),
            &paired.by,
        );
        let refused = sharing.approve(&owner, ask.alert_id, said(&[other])).await;
        assert_eq!(refused.err().unwrap().slug, "envelope-mismatch");
        let word = yes(paired.scene.device.id, alert, paired.agency, &paired.by);
        let signed = said(std::slice::from_ref(&word));
        sharing.approve(&owner, ask.alert_id, signed).await.unwrap();
        paired.scene.device.obey().await;
        assert_eq!(paired.scene.device.heard, [sealed(&word)]);
        assert!(paired.scene.sees(1));
        paired.scene.end().await;
    }
}

#[tokio::test]
async fn a_rule_that_opens_on_alerts_does_not_open_at_a_paired_device_on_one_that_nobody_signed() {
    let rules = |rules: &mut Vec<consent::Rule>| rules.push(alert_rule(2, false, 0));
    let mut paired = Paired::on(Engine::Sqlite, rules).await;
    let shop = PremisesId::of_key("shop");
    let alert = paired.scene.sharing().alert(shop, gunshot(0), 0, None);
    assert_eq!(alert.await.unwrap(), AlertAnswer::Nothing);
    assert!(
        paired
            .scene
            .sharing()
            .shares(&paired.scene.owner)
            .is_empty()
    );
    paired.scene.device.unplug();
}
