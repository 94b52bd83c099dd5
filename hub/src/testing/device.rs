//! A CORE device without a network: it enrols, holds a line, and answers the hub's frames as a device's
//! gate does, with the same rules.

use crate::devices::{Attachment, Condition, Consent, Health, Outgoing};
use crate::registry::{CameraName, Reported as CameraReported};
use crate::sharing::{Account, DevicePress, Greeting, Reported};
use crate::state::Hub;
use crate::world::{AgencyId, CameraId, DeviceId, PremisesId, millis};
use assent_consent as consent;
use assent_wire::link::{self, hub_close, hub_frame::Body};
use assent_wire::{Instruction, grant_id, open, open_word, revoke_id, trigger_id};
use consent::{
    Adopted, AlertLimits, AlertRule, Answer, BootTime, CameraNumber, Cameras, Effect, Ending,
    GateRefusal, GrantId, PolicyVersion, Refusal, Rights, Rule, RuleId, RuleTrigger,
    StandingPolicy, Trigger, Ttl, Word,
};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use std::time::Duration;

/// Much longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct TestDevice {
    pub(crate) hub: Hub,
    pub(crate) id: DeviceId,
    pub(crate) premises: PremisesId,
    pub(crate) line: Option<(Attachment, Outgoing)>,
    pub(crate) machine: consent::Sharing,
    pub(crate) boot_id: [u8; 16],
    receipts: u64,
    /// Obeys signed words only.
    pub(crate) paired: bool,
    /// What it was told, byte by byte, since somebody last looked.
    pub(crate) heard: Vec<Vec<u8>>,
    /// What it says to the next signed word instead of doing it.
    pub(crate) refuses: Option<GateRefusal>,
}

/// A certificate request with a fresh key.
pub(crate) fn request() -> Vec<u8> {
    key_and_request().1
}

pub(crate) fn key_and_request() -> (KeyPair, Vec<u8>) {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let request = CertificateParams::default()
        .serialize_request(&key)
        .unwrap();
    (key, request.der().to_vec())
}

/// A rule about cameras 1 and 2 for the agency `pd`, ten minutes at the longest.
pub(crate) fn rule(id: u32, trigger: RuleTrigger) -> Rule {
    Rule {
        id: RuleId(id),
        trigger,
        cameras: Cameras::new([1, 2].map(|n| CameraNumber::new(n).unwrap())).unwrap(),
        agency: consent::AgencyId::new(AgencyId::of_key("pd").to_string()).unwrap(),
        rights: Rights::LIVE,
        longest: Ttl::from_secs(600).unwrap(),
        pre_roll_secs: 0,
    }
}

pub(crate) fn alert_rule(id: u32, asks: bool, within_metres: u32) -> Rule {
    let kinds = [consent::AlertKind::new("gunshot").unwrap()]
        .into_iter()
        .collect();
    let limits = AlertLimits {
        within_metres,
        ..AlertLimits::default()
    };
    rule(
        id,
        RuleTrigger::Alert(AlertRule {
            kinds,
            asks,
            limits,
        }),
    )
}

pub(crate) fn policy(version: u64, rules: Vec<Rule>) -> StandingPolicy {
    StandingPolicy::new(PolicyVersion(version), rules).unwrap()
}

impl TestDevice {
    /// Enrolled at the shop, attached, with two cameras that are online.
    pub(crate) async fn new(hub: &Hub, rules: Vec<Rule>) -> Self {
        let premises = PremisesId::of_key("shop");
        let claim = hub.devices.claim(premises).await.unwrap();
        let enrolled = hub
            .devices
            .enrol(claim.code.reveal(), &request(), "box")
            .await
            .unwrap();
        let machine = consent::Sharing::new(consent::DeviceId(enrolled.device.0), policy(1, rules));
        let mut device = Self {
            hub: hub.clone(),
            id: enrolled.device,
            premises,
            line: None,
            machine,
            boot_id: [1; 16],
            receipts: 0,
            paired: false,
            heard: Vec::new(),
            refuses: None,
        };
        device.attach().await;
        device
    }

    /// Belongs to an owner's keys from now on, under the same rules.
    pub(crate) async fn pair(&mut self) {
        self.paired = true;
        let consent = Consent {
            paired: true,
            epoch: 1,
            ..Consent::default()
        };
        self.hub.devices.set_consent(self.id, consent);
        self.hub.devices.keep_policy(self.id).await.unwrap();
        let policy = self.machine.policy().clone();
        self.hub.sharing.in_force(self.id, true, policy).await;
    }

    /// A new line and its Hello.
    pub(crate) async fn attach(&mut self) {
        self.line = Some(self.hub.devices.attach(self.id).unwrap());
        let cameras: Vec<CameraReported> = [1, 2]
            .map(|number| CameraReported {
                number,
                name: CameraName::new(&format!("Camera {number}")).unwrap(),
                has_sub: true,
                has_audio: false,
                masked: false,
            })
            .into();
        let fresh = self.hub.registry.connect(self.id, self.premises, &cameras);
        self.hub.registry.keep(&fresh).await.unwrap();
        for number in [1, 2] {
            let health = Health {
                condition: Condition::Online,
                reason: None,
            };
            self.hub.devices.set_health(self.id, number, health);
        }
        self.hub
            .devices
            .set_policy(self.id, self.machine.policy().clone());
        self.hub.devices.keep_policy(self.id).await.unwrap();
        let live: Vec<GrantId> = self.machine.live().map(|live| live.id).collect();
        let greeting = Greeting {
            boot_id: self.boot_id,
            paired: self.paired,
            policy: self.machine.policy().clone(),
            live: live.into_iter().map(|id| self.reported(id)).collect(),
        };
        self.hub
            .sharing
            .hello(self.id, self.premises, greeting)
            .await;
    }

    pub(crate) fn unplug(&mut self) {
        self.line = None;
    }

    pub(crate) fn camera(&self, number: u16) -> CameraId {
        let device = self.id;
        crate::registry::Connection { device, number }.camera()
    }

    /// The next frame from the hub.
    pub(crate) async fn next(&mut self) -> Body {
        let (_, outgoing) = self.line.as_mut().expect("the device is attached");
        let frame = tokio::time::timeout(PATIENCE, outgoing.frames.recv()).await;
        frame.expect("a frame in time").unwrap().body.unwrap()
    }

    /// Takes the next frame and does what a device does.
    pub(crate) async fn obey(&mut self) {
        match self.next().await {
            Body::Instruct(instruct) => self.decide(&instruct).await,
            Body::Wanted(wanted) => {
                for instruct in &wanted.instructions {
                    self.decide(instruct).await;
                }
                for grant in &wanted.ended_grants {
                    let id = grant_id(grant).unwrap();
                    let now = self.now().boot;
                    let effects = self.machine.end(id, consent::EndCause::Revoked, now);
                    self.tell(effects).await;
                }
            }
            Body::End(end) => self.end(&end).await,
            Body::Ack(_)
            | Body::MediaAnswer(_)
            | Body::Demand(_)
            | Body::Ping(_)
            | Body::Drain(_)
            | Body::NonceAsk(_)
            | Body::Present(_)
            | Body::PairingHello(_) => {}
            Body::HubClose(close) => self.close(&close).await,
        }
    }

    async fn decide(&mut self, instruct: &link::Instruct) {
        self.heard.push(instruct.envelope.clone());
        let trigger = if self.paired {
            signed_trigger(&instruct.envelope)
        } else {
            match open(&instruct.envelope).unwrap() {
                Instruction::Trigger(trigger) => trigger.into_value(),
                other => panic!("an Instruct carries a trigger, not {other:?}"),
            }
        };
        if let Some(refusal) = self.refuses.take() {
            let sharing = &self.hub.sharing;
            return sharing.refused(self.id, trigger.id, refusal.into()).await;
        }
        let (sharing, id) = (self.hub.sharing.clone(), self.id);
        match self.machine.answer(&trigger, instruct.age_ms, &self.now()) {
            Answer::Opens(_) => {
                for reported in self.open(&trigger) {
                    sharing.opened(id, self.premises, reported).await;
                }
            }
            Answer::Asks(_) => {
                sharing
                    .refused(
                        id,
                        trigger.id,
                        GateRefusal::Rules(Refusal::AsksOwner).into(),
                    )
                    .await
            }
            Answer::Nothing(refusal) => {
                sharing
                    .refused(id, trigger.id, GateRefusal::Rules(refusal).into())
                    .await
            }
        }
    }

    /// Opens what the device's own rules give.
    pub(crate) fn open(&mut self, trigger: &Trigger) -> Vec<Reported> {
        let now = self.now();
        let Answer::Opens(terms) = self.machine.answer(trigger, 0, &now) else {
            return Vec::new();
        };
        let ids = self.machine.ask(trigger, &terms, now.boot);
        for id in &ids {
            self.machine.open(*id, &now);
        }
        ids.into_iter().map(|id| self.reported(id)).collect()
    }

    /// The button at the premises.
    pub(crate) fn press(&mut self, trigger: Trigger, age_ms: u64) -> DevicePress {
        let opened = if age_ms > consent::STALE_AFTER_MS {
            Vec::new()
        } else {
            self.open(&trigger)
        };
        DevicePress {
            trigger,
            age_ms,
            opened,
        }
    }

    async fn end(&mut self, end: &link::End) {
        self.heard.push(end.envelope.clone());
        let id = revoke_id(&end.revoke_id).unwrap();
        if let Some(refusal) = self.refuses.take() {
            let sharing = &self.hub.sharing;
            return sharing.stop_refused(self.id, id, refusal.into()).await;
        }
        let revoke = if self.paired {
            signed_revoke(&end.envelope)
        } else {
            match open(&end.envelope).unwrap() {
                Instruction::Revoke(revoke) => Some(revoke.into_value()),
                other => panic!("an End carries a revoke, not {other:?}"),
            }
        };
        let now = self.now().boot;
        let effects = revoke.map_or_else(Vec::new, |revoke| self.machine.revoke(&revoke, now));
        let stopped = self.tell(effects).await;
        self.hub.sharing.stop_done(self.id, id, &stopped).await;
    }

    async fn close(&mut self, close: &link::HubClose) {
        let grants: Vec<GrantId> = match close.what.as_ref().unwrap() {
            hub_close::What::Grant(id) => vec![grant_id(id).unwrap()],
            hub_close::What::Trigger(id) => {
                let id = trigger_id(id).unwrap();
                self.machine.grants_of(id).map(consent::Grant::id).collect()
            }
        };
        let now = self.now().boot;
        let mut effects = Vec::new();
        for id in grants {
            effects.extend(
                self.machine
                    .end(id, consent::EndCause::ClearedByAgency, now),
            );
        }
        let stopped = self.tell(effects).await;
        let id = revoke_id(&close.close_id).unwrap();
        self.hub.sharing.stop_done(self.id, id, &stopped).await;
    }

    async fn tell(&mut self, effects: Vec<Effect>) -> Vec<GrantId> {
        let mut stopped = Vec::new();
        for effect in effects {
            if let Effect::GrantEnded(ended) = effect
                && let Ending::Closed(cause) = ended.ending
            {
                stopped.push(ended.id);
                let said = Account {
                    lasted_ms: ended.lasted_ms,
                    bytes_left: 1_000,
                };
                let sharing = &self.hub.sharing;
                sharing.ended(self.id, ended.id, cause, said).await;
            }
        }
        stopped
    }

    fn reported(&mut self, id: GrantId) -> Reported {
        self.receipts += 1;
        let live = self
            .machine
            .grant(id)
            .and_then(consent::Grant::live)
            .unwrap();
        let adopted = Adopted {
            grant: id,
            trigger: live.trigger,
            cause: live.cause,
            terms: live.terms.clone(),
            remaining_ms: live.remaining_ms(self.now().boot),
        };
        Reported {
            adopted,
            receipt: self.receipts,
        }
    }

    fn now(&self) -> consent::Now {
        let ms = millis(self.hub.world.clock.now());
        consent::Now {
            boot: BootTime(u64::try_from(ms).unwrap()),
            ..consent::Now::default()
        }
    }
}

/// As the gate reads it, without a look at the signatures.
fn signed_trigger(envelope: &[u8]) -> Trigger {
    let Word::Trigger(signed) = open_word(envelope).unwrap().word else {
        panic!("an Instruct carries a trigger")
    };
    let kind = match signed.kind {
        consent::SignedTriggerKind::Press(press) => consent::TriggerKind::Press(press),
        consent::SignedTriggerKind::Approval { of, alert, by } => {
            let alert = consent::Alert {
                kind: alert.kind,
                agency: alert.agency.into(),
                distance_m: 0,
                source: alert.source,
            };
            consent::TriggerKind::Approval(consent::Approval { of, alert, by })
        }
    };
    Trigger {
        id: signed.id,
        made_at: signed.made_at,
        kind,
    }
}

/// None: it is about keys.
fn signed_revoke(envelope: &[u8]) -> Option<consent::Revoke> {
    let Word::Revoke(signed) = open_word(envelope).unwrap().word else {
        panic!("an End carries a revoke")
    };
    signed.of_a_share()
}
