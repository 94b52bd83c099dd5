//! An engine, cameras that send through it, and walls that look, for one test each.

use crate::client::{self, Client, Offered, Received};
use assent_media::{Engine, Fact, MediaConfig, PublisherId, StreamId, TcpListen, WallId};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use str0m::media::{Direction, MediaKind};
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

/// Much longer than anything takes, even on a busy machine; nothing waits for it in a test that passes.
const PATIENCE: Duration = Duration::from_secs(15);

pub(crate) struct Scene {
    pub(crate) engine: Engine,
    pub(crate) facts: mpsc::Receiver<Fact>,
}

/// A device with cameras; each sends a key frame, then only pictures that need it, unless told otherwise.
pub(crate) struct Device {
    pub(crate) client: Arc<Client>,
    sending: Vec<JoinHandle<()>>,
    silent: Arc<AtomicBool>,
}

pub(crate) struct Wall {
    pub(crate) id: WallId,
    pub(crate) client: Client,
    pub(crate) mids: Vec<String>,
}

impl Scene {
    pub(crate) fn new() -> Scene {
        let listen = "127.0.0.1:0".parse().unwrap();
        let engine = Engine::start(MediaConfig {
            listen,
            tcp_listen: TcpListen::At(listen),
            advertise: Vec::new(),
        })
        .unwrap();
        let facts = engine.facts().unwrap();
        Scene { engine, facts }
    }

    /// Waits for a fact; others are passed over.
    pub(crate) async fn fact(&mut self, wanted: impl Fn(&Fact) -> bool) -> Fact {
        let mut passed = Vec::new();
        let found = timeout(PATIENCE, async {
            loop {
                let fact = self.facts.recv().await.unwrap();
                if wanted(&fact) {
                    return fact;
                }
                passed.push(fact);
            }
        });
        found.await.map_err(|_| &passed).unwrap()
    }

    /// A device whose n-th camera sends the n-th stream, marked by its number.
    pub(crate) async fn device(
        &mut self,
        id: u64,
        streams: &[StreamId],
        key_interval: u64,
    ) -> Device {
        let publisher = PublisherId(id);
        let offered = client::offer(&vec![
            (MediaKind::Video, Direction::SendOnly);
            streams.len()
        ]);
        let mids = offered.mids.clone();
        let tracks: Vec<_> = mids.iter().cloned().zip(streams.iter().copied()).collect();
        let answer = self
            .engine
            .publish(publisher, &offered.sdp, &tracks)
            .await
            .unwrap();
        let client = Arc::new(offered.connect(&answer));
        self.fact(|fact| *fact == Fact::PublisherConnected { publisher })
            .await;
        let silent = Arc::new(AtomicBool::new(false));
        let sending = tracks
            .into_iter()
            .map(|(mid, stream)| {
                tokio::spawn(send(
                    Arc::clone(&client),
                    mid,
                    stream,
                    key_interval,
                    Arc::clone(&silent),
                ))
            })
            .collect();
        Device {
            client,
            sending,
            silent,
        }
    }

    pub(crate) async fn wall(&mut self, id: u64, tiles: usize) -> Wall {
        self.wall_that(id, client::offer(&wall_lines(tiles))).await
    }

    /// A wall whose network carries no UDP.
    pub(crate) async fn wall_over_tcp(&mut self, id: u64, tiles: usize) -> Wall {
        let engine = self.engine.tcp_addr().unwrap();
        let offered = client::offer_over_tcp(engine, &wall_lines(tiles));
        self.wall_that(id, offered).await
    }

    async fn wall_that(&mut self, id: u64, offered: Offered) -> Wall {
        let wall = WallId(id);
        let mids = offered.mids.clone();
        let answer = self.engine.open_wall(wall, &offered.sdp).await.unwrap();
        let client = offered.connect(&answer);
        self.fact(|fact| *fact == Fact::WallConnected { wall })
            .await;
        Wall {
            id: wall,
            client,
            mids,
        }
    }
}

fn wall_lines(tiles: usize) -> Vec<(MediaKind, Direction)> {
    let mut lines = vec![(MediaKind::Video, Direction::RecvOnly); tiles];
    lines.push((MediaKind::Audio, Direction::RecvOnly));
    lines
}

impl Device {
    pub(crate) fn silence(&self, silent: bool) {
        self.silent.store(silent, Ordering::Relaxed);
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        self.sending.iter().for_each(JoinHandle::abort);
    }
}

impl Wall {
    pub(crate) async fn next(&mut self) -> Received {
        timeout(PATIENCE, self.client.packets.recv())
            .await
            .unwrap()
            .unwrap()
    }

    /// Waits until a slot shows the stream; what came before is returned.
    pub(crate) async fn until(&mut self, stream: StreamId) -> (Vec<Received>, Received) {
        let mut before = Vec::new();
        loop {
            let received = self.next().await;
            if mark(&received) == stream {
                return (before, received);
            }
            before.push(received);
        }
    }
}

/// The stream that a packet says it is of.
pub(crate) fn mark(received: &Received) -> StreamId {
    StreamId(u64::from(received.packet.payload[2]))
}

/// A hundred pictures a second of three packets each.
async fn send(
    client: Arc<Client>,
    mid: String,
    stream: StreamId,
    key_interval: u64,
    silent: Arc<AtomicBool>,
) {
    let mark = u8::try_from(stream.0).unwrap();
    let mut seq = 60_000;
    let mut ticks = tokio::time::interval(Duration::from_millis(10));
    for picture in 0u64.. {
        ticks.tick().await;
        if silent.load(Ordering::Relaxed) {
            continue;
        }
        let heads: &[[u8; 2]] = if picture.is_multiple_of(key_interval) {
            &[[0x67, 0], [0x68, 0], [0x7c, 0x85], [0x7c, 0x45]]
        } else {
            &[[0x7c, 0x81], [0x7c, 0x01], [0x7c, 0x41]]
        };
        for (at, head) in heads.iter().enumerate() {
            let mut payload = head.to_vec();
            payload.push(mark);
            payload.resize(900, mark);
            let time = u32::try_from(picture * 900 % (1 << 32)).unwrap();
            client.send((mid.clone(), seq, time, at + 1 == heads.len(), payload));
            seq += 1;
        }
    }
}
