//! What each of a device's frames means to the hub: parsed, then handed to the slice whose matter it is.

use std::sync::Arc;

use assent_consent as consent;
use assent_wire::link::{
    self, Layer as WireLayer, camera_health, device_frame::Body, hub_frame, premises_alarm,
};
use assent_wire::{
    Instruction, MAX_TRACKS, WordRefusal, camera_number, grant_id, open, revoke_id, sdp_fits,
    trigger_id,
};
use consent::TriggerKind;

use super::attached::Attached;
use super::hello::{self, malformed, reported};
use crate::alerts::Alarm;
use crate::devices::{Condition, Health};
use crate::error::{Error, Result};
use crate::feeds::{Layer, Offer, OfferedTrack};
use crate::registry::Connection;
use crate::sharing::{Account, DevicePress};
use crate::world::Text;

/// A sentence for an installer.
const LONGEST_REASON: usize = 200;

impl Attached {
    pub(super) async fn handle(&self, body: Body) -> Result<()> {
        match body {
            Body::Hello(_) => Err(Error::invalid("A line has one Hello.")),
            Body::CameraHealth(health) => self.camera_health(health),
            Body::Pressed(pressed) => self.pressed(pressed).await,
            Body::Opened(opened) => {
                self.hub
                    .sharing
                    .opened(self.device, self.premises, reported(&opened)?)
                    .await;
                Ok(())
            }
            Body::Refused(refused) => self.refused(refused).await,
            Body::Ended(ended) => self.ended(ended).await,
            Body::MediaOffer(offer) => self.media_offer(offer),
            Body::MediaState(state) => self.media_state(state).await,
            Body::Pong(_) => Ok(()),
            Body::PremisesAlarm(alarm) => self.alarm(alarm).await,
            Body::StopDone(done) => self.stop_done(done).await,
            Body::NonceGiven(given) => self.hub.words.nonce_given(self.device, &given),
            Body::NonceRefused(refused) => self.nonce_refused(&refused),
            Body::Presented(presented) => self.hub.words.presented(self.device, &presented).await,
            Body::PairingAnswer(answer) => self.pairing_answer(answer).await,
            Body::InForce(in_force) => hello::in_force(self, in_force).await,
        }
    }

    fn camera_health(&self, health: link::CameraHealth) -> Result<()> {
        let number = camera_number(health.number).map_err(malformed)?.get();
        self.hub
            .devices
            .set_health(self.device, number, health_of(health));
        Ok(())
    }

    async fn pressed(&self, pressed: link::Pressed) -> Result<()> {
        let Instruction::Trigger(trigger) = open(&pressed.envelope).map_err(malformed)? else {
            return Err(Error::invalid("A press carries a trigger."));
        };
        let trigger = trigger.into_value();
        if trigger.id != trigger_id(&pressed.trigger_id).map_err(malformed)?
            || !matches!(trigger.kind, TriggerKind::Press(_))
        {
            return Err(Error::invalid("A press carries its own trigger."));
        }
        let opened = pressed.opened.iter().map(reported).collect::<Result<_>>()?;
        let press = DevicePress {
            trigger,
            age_ms: pressed.age_ms,
            opened,
        };
        self.hub
            .alerts
            .pressed_at_device(self.device, self.premises, press)
            .await;
        Ok(())
    }

    async fn refused(&self, refused: link::Refused) -> Result<()> {
        let refusal = WordRefusal::try_from(refused.refusal()).map_err(malformed)?;
        let trigger = trigger_id(&refused.trigger_id).map_err(malformed)?;
        self.hub
            .sharing
            .refused(self.device, trigger, refusal)
            .await;
        Ok(())
    }

    fn nonce_refused(&self, refused: &link::NonceRefused) -> Result<()> {
        let why = WordRefusal::try_from(refused.refusal()).map_err(malformed)?;
        self.hub.words.nonce_refused(self.device, refused, why);
        Ok(())
    }

    async fn pairing_answer(&self, answer: link::PairingAnswer) -> Result<()> {
        let hello = answer.hello_hash.as_slice().try_into();
        let hello = hello.map_err(|_| Error::invalid("A message is named by 32 bytes."))?;
        let taken = self.hub.mailbox.answer(self.device, hello, answer.body)?;
        match taken {
            Some(hello) => self.hub.words.paired(self.device, &hello).await,
            None => Ok(()),
        }
    }

    async fn ended(&self, ended: link::Ended) -> Result<()> {
        let cause = ended.cause().try_into().map_err(malformed)?;
        let grant = grant_id(&ended.grant_id).map_err(malformed)?;
        let said = Account {
            lasted_ms: ended.lasted_ms,
            bytes_left: ended.bytes_left,
        };
        self.hub
            .sharing
            .ended(self.device, grant, cause, said)
            .await;
        Ok(())
    }

    async fn stop_done(&self, done: link::StopDone) -> Result<()> {
        let revoke = revoke_id(&done.revoke_id).map_err(malformed)?;
        if done.refusal() != link::Refusal::Unspecified {
            let why = WordRefusal::try_from(done.refusal()).map_err(malformed)?;
            let sharing = &self.hub.sharing;
            sharing.stop_refused(self.device, revoke, why).await;
            return Ok(());
        }
        let grants: Vec<_> = done
            .grant_ids
            .iter()
            .take(consent::MAX_OPEN_GRANTS)
            .map(|id| grant_id(id).map_err(malformed))
            .collect::<Result<_>>()?;
        self.hub
            .sharing
            .stop_done(self.device, revoke, &grants)
            .await;
        Ok(())
    }

    async fn alarm(&self, alarm: link::PremisesAlarm) -> Result<()> {
        let kind = match alarm.kind() {
            premises_alarm::Kind::StoppedAtPremises => Alarm::StoppedAtPremises,
            premises_alarm::Kind::Rebooted => Alarm::Rebooted,
            premises_alarm::Kind::Unspecified => {
                return Err(Error::invalid("The device names no kind of alarm."));
            }
        };
        let grant = grant_id(&alarm.grant_id).ok();
        self.hub
            .alerts
            .alarm(self.device, self.premises, kind, grant);
        Ok(())
    }

    /// The answer is made beside the line, so that a stop never waits behind a session description.
    fn media_offer(&self, offer: link::MediaOffer) -> Result<()> {
        if !sdp_fits(&offer.sdp) || offer.tracks.len() > MAX_TRACKS {
            return Err(Error::invalid(
                "A session description is longer than 64 KiB or names too many tracks.",
            ));
        }
        let (hub, device, media_id) = (self.hub.clone(), self.device, offer.media_id);
        let Ok(place) = Arc::clone(&self.offers).try_acquire_owned() else {
            tracing::warn!(device.id = %device, "media offer refused: too many at once");
            let answer = link::MediaAnswer {
                media_id,
                sdp: String::new(),
                problem: "Too many session descriptions at once. Send this one again.".to_owned(),
            };
            hub.devices
                .say(device, hub_frame::Body::MediaAnswer(answer));
            return Ok(());
        };
        let tracks = offer
            .tracks
            .into_iter()
            .map(|track| self.track(track))
            .collect::<Result<Vec<_>>>();
        self.tasks.spawn(async move {
            let answer = match tracks {
                Ok(tracks) => {
                    hub.feeds
                        .publish(Offer {
                            device,
                            media_id,
                            sdp: offer.sdp,
                            tracks,
                        })
                        .await
                }
                Err(error) => Err(error),
            };
            let answer = match answer {
                Ok(sdp) => link::MediaAnswer {
                    media_id,
                    sdp,
                    problem: String::new(),
                },
                Err(error) => {
                    tracing::warn!(device.id = %device, %error, "media offer refused");
                    link::MediaAnswer {
                        media_id,
                        sdp: String::new(),
                        problem: error.public.into_owned(),
                    }
                }
            };
            hub.devices
                .say(device, hub_frame::Body::MediaAnswer(answer));
            drop(place);
        });
        Ok(())
    }

    /// Only a camera with a live grant is taken: the hub's own check, after the device's.
    fn track(&self, track: link::Track) -> Result<OfferedTrack> {
        let number = camera_number(track.camera).map_err(malformed)?.get();
        let camera = Connection {
            device: self.device,
            number,
        }
        .camera();
        let layer = match track.layer() {
            WireLayer::Main => Layer::Main,
            WireLayer::Sub => Layer::Sub,
            WireLayer::Audio => Layer::Audio,
            WireLayer::Unspecified => return Err(Error::invalid("A track names no layer.")),
        };
        if !self.hub.sharing.is_live(camera) {
            return Err(Error::forbidden(
                "One of these cameras has no live grant here.",
            ));
        }
        Ok(OfferedTrack {
            mid: track.mid,
            camera,
            layer,
        })
    }

    async fn media_state(&self, state: link::MediaState) -> Result<()> {
        if !state.connected {
            self.hub.feeds.unpublish(self.device, state.media_id).await;
        }
        Ok(())
    }
}

pub(super) fn health_of(health: link::CameraHealth) -> Health {
    use camera_health::Condition as C;
    let condition = match health.condition() {
        C::Online => Condition::Online,
        C::Offline => Condition::Offline,
        C::WrongPassword => Condition::WrongPassword,
        C::Unsupported => Condition::Unsupported,
        C::Garbage => Condition::Garbage,
        C::Connecting | C::Unspecified => Condition::Connecting,
    };
    let reason = Text::<LONGEST_REASON>::cleaned(&health.reason).into_string();
    Health {
        condition,
        reason: (!reason.is_empty()).then_some(reason),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::testing::{TestDevice, TestHub};
    use tokio::sync::Semaphore;
    use tokio_util::sync::CancellationToken;
    use tokio_util::task::TaskTracker;

    #[tokio::test]
    async fn a_device_that_floods_with_offers_is_told_so_and_starts_no_more_tasks() {
        let test = TestHub::new().await;
        let mut device = TestDevice::new(&test.hub, Vec::new()).await;
        device.next().await;
        let attached = Attached {
            hub: test.hub.clone(),
            device: device.id,
            premises: device.premises,
            gone: CancellationToken::new(),
            draining: CancellationToken::new(),
            tasks: TaskTracker::new(),
            offers: Arc::new(Semaphore::new(0)),
        };
        let offer = link::MediaOffer {
            media_id: 7,
            sdp: "v=0".to_owned(),
            tracks: Vec::new(),
        };
        attached.handle(Body::MediaOffer(offer)).await.unwrap();
        assert!(attached.tasks.is_empty());
        let hub_frame::Body::MediaAnswer(answer) = device.next().await else {
            panic!("no answer")
        };
        assert!(answer.media_id == 7 && answer.problem.contains("Too many"));
    }
}
