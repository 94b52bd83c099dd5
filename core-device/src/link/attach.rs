//! One line while it lasts: what is said and heard on it, and how its silence is noticed. A dead network
//! shows within five seconds, by the transport's own pings.

use std::collections::BTreeMap;
use std::time::Duration;

use assent_consent::CameraNumber;
use assent_wire::MAX_FRAME;
use assent_wire::link::device_frame::Body;
use assent_wire::link::link_client::LinkClient;
use assent_wire::link::{CameraHealth, DeviceFrame, HubFrame, Pong, hub_frame};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Status, Streaming};

use super::authority::{LINK_NAME, Pinned};
use super::enrol::innermost;
use super::hello::health;
use super::{Link, Lost};
use crate::camera::Cameras;
use crate::gate::{Ask, boot_now, wall_now};
use crate::memory::{Fact, Outbox};
use crate::publish::{FromHub, ToHub};

/// A hub on the other side of the world answers within this.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// Ping this often, and give up this long after an unanswered one: five seconds in all.
const PING_EVERY: Duration = Duration::from_secs(2);
const PING_PATIENCE: Duration = Duration::from_secs(3);
/// Frames on their way into the transport; more wait in the outbox.
const FRAME_QUEUE: usize = 64;
/// Cameras' health is looked at this often.
const HEALTH_EVERY: Duration = Duration::from_millis(500);

/// What one line needs, beside the link itself.
struct Line {
    frames: mpsc::Sender<DeviceFrame>,
    /// Number of the newest fact that was put on this line.
    sent: u64,
    newest: watch::Receiver<u64>,
    words: broadcast::Receiver<Body>,
    reported: BTreeMap<CameraNumber, CameraHealth>,
    look: Interval,
}

enum Turn {
    Heard(Result<Option<HubFrame>, Status>),
    Said(Result<(), String>),
}

impl Link {
    /// Attaches and serves the line until it ends. Says why.
    pub(super) async fn attach(&mut self, boot_id: [u8; 16]) -> Lost {
        match self.open_line(boot_id).await {
            Ok((line, inbound)) => self.serve(line, inbound).await,
            Err(lost) => lost,
        }
    }

    async fn open_line(&self, boot_id: [u8; 16]) -> Result<(Line, Streaming<HubFrame>), Lost> {
        let channel = self.dial().await?;
        let (frames, outbound) = mpsc::channel(FRAME_QUEUE);
        // Subscribed before the greeting: what happens in between is in one of the two.
        let (newest, words) = (self.gate.outbox().newest(), self.gate.words());
        frames
            .try_send(self.hello(boot_id))
            .map_err(|_| "the line has no room".to_owned())?;
        let mut client = LinkClient::new(channel)
            .max_decoding_message_size(MAX_FRAME)
            .max_encoding_message_size(MAX_FRAME);
        let attached = timeout(
            CONNECT_PATIENCE,
            client.attach(ReceiverStream::new(outbound)),
        )
        .await;
        let inbound = attached
            .map_err(|_| "the hub does not answer".to_owned())?
            .map_err(|status| refused(&status))?
            .into_inner();
        let mut look = interval(HEALTH_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok((
            Line {
                frames,
                sent: 0,
                newest,
                words,
                reported: BTreeMap::new(),
                look,
            },
            inbound,
        ))
    }

    async fn dial(&self) -> Result<Channel, String> {
        let tls = ClientTlsConfig::new()
            .domain_name(LINK_NAME)
            .identity(self.enrolled.identity());
        let endpoint = Endpoint::from_shared(format!("https://{}", self.address()))
            .and_then(|endpoint| {
                endpoint.tls_config_with_verifier(tls, Pinned::new(self.enrolled.authority()))
            })
            .map_err(|error| innermost(&error))?
            .connect_timeout(CONNECT_PATIENCE)
            .http2_keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_PATIENCE)
            .keep_alive_while_idle(true);
        // The handshake has no limit of its own: a hub that takes the connection and is silent has one here.
        let dialled = timeout(CONNECT_PATIENCE, endpoint.connect()).await;
        dialled
            .map_err(|_| "the hub does not answer".to_owned())?
            .map_err(|error| innermost(&error))
    }

    async fn serve(&mut self, mut line: Line, mut inbound: Streaming<HubFrame>) -> Lost {
        if let Err(lost) = self.here() {
            return lost;
        }
        loop {
            // What comes in goes first, whatever lies ready to go out: it may be a stop.
            let turn = tokio::select! {
                biased;
                frame = inbound.message() => Turn::Heard(frame),
                said = self.say_next(&mut line) => Turn::Said(said),
            };
            let done = match turn {
                Turn::Heard(Ok(Some(frame))) => self.hear(frame, &line).await,
                Turn::Heard(Ok(None)) => Err("the hub ended the line".to_owned().into()),
                Turn::Heard(Err(status)) => Err(broke(&status)),
                Turn::Said(said) => said.map_err(Lost::from),
            };
            if let Err(lost) = done {
                return lost;
            }
        }
    }

    /// Puts the next thing on the line as soon as it has room. Dropped at any moment, it loses nothing.
    async fn say_next(&mut self, line: &mut Line) -> Result<(), String> {
        let Ok(room) = line.frames.reserve().await else {
            return Err("the line is closed".to_owned());
        };
        let body = tokio::select! {
            biased;
            word = line.words.recv() => match word {
                Ok(body) => body,
                // What was lost is asked for again by the hub.
                Err(RecvError::Lagged(_)) => return Ok(()),
                Err(RecvError::Closed) => return Err("the device is going down".to_owned()),
            },
            fact = next_fact(self.gate.outbox(), &mut line.newest, line.sent) => {
                room.send(fact.frame(boot_now(), wall_now()));
                line.sent = fact.number();
                return Ok(());
            }
            Some(media) = self.to_hub.recv() => media_body(media),
            news = next_health(&self.cameras, &mut line.reported, &mut line.look) => Body::CameraHealth(news),
        };
        room.send(DeviceFrame {
            seq: 0,
            body: Some(body),
        });
        Ok(())
    }

    async fn hear(&self, frame: HubFrame, line: &Line) -> Result<(), Lost> {
        let down = |_| Lost::Broken("the device is going down".to_owned());
        match frame.body {
            Some(hub_frame::Body::End(end)) => self.gate.end(end).await.map_err(down),
            Some(hub_frame::Body::Instruct(instruct)) => {
                self.gate.hear(Ask::Instruct(instruct)).await.map_err(down)
            }
            Some(hub_frame::Body::Wanted(wanted)) => {
                self.gate.hear(Ask::Wanted(wanted)).await.map_err(down)
            }
            Some(hub_frame::Body::Ack(ack)) => self
                .gate
                .hear(Ask::Acknowledged(ack.seq))
                .await
                .map_err(down),
            Some(hub_frame::Body::MediaAnswer(answer)) => self.to_publish(FromHub::Answer(answer)),
            Some(hub_frame::Body::Demand(demand)) => self.to_publish(FromHub::Demand(demand)),
            Some(hub_frame::Body::Ping(ping)) => {
                line.pong(ping.nonce);
                Ok(())
            }
            Some(hub_frame::Body::Drain(_)) => Err("the hub is going away".to_owned().into()),
            Some(hub_frame::Body::HubClose(close)) => {
                self.gate.hub_closes(close).await.map_err(down)
            }
            Some(hub_frame::Body::NonceAsk(ask)) => {
                self.gate.hear(Ask::NonceAsk(ask)).await.map_err(down)
            }
            Some(hub_frame::Body::Present(present)) => {
                self.gate.hear(Ask::Present(present)).await.map_err(down)
            }
            Some(hub_frame::Body::PairingHello(hello)) => {
                self.gate.hear(Ask::PairingHello(hello)).await.map_err(down)
            }
            // A newer hub may say more than we understand.
            None => Ok(()),
        }
    }

    /// Never waits: a stop may be right behind. Without a publisher nothing can leave, and stops must
    /// still come in.
    pub(super) fn to_publish(&self, word: FromHub) -> Result<(), Lost> {
        match self.from_hub.try_send(word) {
            Ok(()) | Err(TrySendError::Closed(_)) => Ok(()),
            Err(TrySendError::Full(_)) => {
                Err(Lost::Broken("the publisher does not keep up".to_owned()))
            }
        }
    }
}

fn refused(status: &Status) -> Lost {
    let why = format!("the hub refuses the line: {}", status.message());
    turned_away(status, why)
}

fn broke(status: &Status) -> Lost {
    let why = format!("the line broke: {}", status.message());
    turned_away(status, why)
}

fn turned_away(status: &Status, why: String) -> Lost {
    if matches!(
        status.code(),
        Code::Unauthenticated | Code::PermissionDenied
    ) {
        Lost::TurnedAway(why)
    } else {
        Lost::Broken(why)
    }
}

impl Line {
    /// On a line that is full there is no need to prove that it lives.
    fn pong(&self, nonce: u64) {
        self.frames
            .try_send(DeviceFrame {
                seq: 0,
                body: Some(Body::Pong(Pong { nonce })),
            })
            .ok();
    }
}

/// The oldest fact that this line has not carried; the hub acknowledges it when its store has it.
async fn next_fact(outbox: &Outbox, newest: &mut watch::Receiver<u64>, sent: u64) -> Fact {
    loop {
        newest.mark_unchanged();
        if let Some(fact) = outbox.next(sent) {
            return fact;
        }
        if newest.changed().await.is_err() {
            // The gate is gone; the words' channel says so.
            std::future::pending::<()>().await;
        }
    }
}

async fn next_health(
    cameras: &Cameras,
    reported: &mut BTreeMap<CameraNumber, CameraHealth>,
    look: &mut Interval,
) -> CameraHealth {
    loop {
        for camera in cameras.iter() {
            let Some(now) = health(camera) else { continue };
            if reported.get(&camera.number) != Some(&now) {
                reported.insert(camera.number, now.clone());
                return now;
            }
        }
        look.tick().await;
    }
}

fn media_body(media: ToHub) -> Body {
    match media {
        ToHub::Offer(offer) => Body::MediaOffer(offer),
        ToHub::State(state) => Body::MediaState(state),
    }
}
