//! Presses, stops, alerts and restarts, with a device that answers as a real one does.
#![expect(clippy::unwrap_used, reason = "tests")]

mod alerts;
mod presses;
mod restart;
mod signed;
mod stops;

use std::sync::Arc;

use assent_consent as consent;
use consent::{Level, PressedAt, RuleTrigger, Trigger, TriggerId, TriggerKind, WallTime};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::page::{Press, RevokeState, Share, ShareState};
use super::*;
use crate::config::Config;
use crate::identity::Person;
use crate::testing::{TestDevice, TestHub, rule};
use crate::world::{AgencyId, Engine, PersonId, PremisesId};

/// A shop with an owner, an agency with an operator, and a device under a press rule.
struct Scene {
    test: TestHub,
    device: TestDevice,
    owner: Arc<Person>,
    finish: CancellationToken,
    writing: tokio::task::JoinHandle<()>,
}

impl Scene {
    async fn on(engine: Engine, rules: Vec<consent::Rule>) -> Self {
        let test = TestHub::on(engine, Config::default()).await;
        let mut device = TestDevice::new(&test.hub, rules).await;
        device.obey().await;
        let owner = test.hub.identity.person(PersonId::of_key("maria")).unwrap();
        let finish = CancellationToken::new();
        let writing = tokio::spawn(test.hub.sharing.clone().keep_written(finish.clone()));
        Self {
            test,
            device,
            owner,
            finish,
            writing,
        }
    }

    async fn new() -> Self {
        Self::on(Engine::Sqlite, vec![rule(1, RuleTrigger::Press)]).await
    }

    fn sharing(&self) -> &Sharing {
        &self.test.hub.sharing
    }

    /// The owner's press, without the device's answer.
    async fn press(&self, id: Uuid, asked: PressAsked) -> crate::Result<Press> {
        let pressed = self.sharing().press(&self.owner, id, asked).await;
        pressed.map(|(press, _)| press)
    }

    /// A press that the device has opened.
    async fn live(&mut self) -> Uuid {
        let id = Uuid::new_v4();
        self.press(id, panic()).await.unwrap();
        self.device.obey().await;
        assert_eq!(self.page(id).state, PressState::Opened);
        id
    }

    fn page(&self, id: Uuid) -> Press {
        self.sharing().press_by_id(id).unwrap()
    }

    fn share(&self, trigger: Uuid) -> Share {
        let shares = self.sharing().shares(&self.owner);
        let own = shares
            .into_iter()
            .find(|share| share.press_id == Some(trigger));
        own.unwrap()
    }

    fn sees(&self, number: u16) -> bool {
        let camera = self.device.camera(number);
        self.sharing()
            .shown(camera, AgencyId::of_key("pd"))
            .is_some()
    }

    async fn stop(&self, scope: RevokeScope) -> Revoke {
        let asked = RevokeAsked {
            scope,
            reason: RevokeReason::Owner,
            envelopes: Vec::new(),
        };
        let stopped = self
            .sharing()
            .revoke(&self.owner, Uuid::new_v4(), asked)
            .await;
        stopped.unwrap()
    }

    /// Everything so far is in the store.
    async fn written(&self) {
        self.sharing().saved(self.sharing().version()).await;
    }

    async fn end(self) {
        self.finish.cancel();
        self.test.hub.world.store.close().await;
    }
}

fn panic() -> PressAsked {
    PressAsked {
        premises_id: PremisesId::of_key("shop").0,
        level: LevelText::Panic,
        silent: false,
        drill: false,
        camera_ids: None,
        age_ms: 0,
        note: None,
        envelopes: Vec::new(),
    }
}

fn button(id: Uuid) -> Trigger {
    Trigger {
        id: TriggerId(*id.as_bytes()),
        made_at: WallTime(0),
        kind: TriggerKind::Press(consent::Press {
            level: Level::Panic,
            silent: false,
            drill: false,
            at: PressedAt::Button,
            by: consent::PersonId::new("").unwrap(),
            cameras: std::collections::BTreeSet::new(),
            note: consent::Note::new("").unwrap(),
        }),
    }
}
