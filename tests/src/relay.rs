//! A bad line: passes UDP datagrams on between two ends with delay, jitter and loss, the same ones for
//! the same seed. It knows nothing of what it carries; who is sent through it, the network decides.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

const LARGEST_DATAGRAM: usize = 2_048;
/// Datagrams under way; at 3 Mbit/s this is a second of delay. More is lost, as in a full router.
const MOST_UNDER_WAY: usize = 512;
/// Media connections of a town's devices, and those that they make again.
const MOST_CLIENTS: usize = 64;

#[derive(Clone, Copy, Debug)]
pub struct Line {
    pub seed: u64,
    pub delay: Duration,
    /// Added to the delay, evenly spread from nothing to this.
    pub jitter: Duration,
    /// In a thousand.
    pub loss_per_mille: u64,
}

/// Carries datagrams of its clients to `target` and back, until it is dropped. Each client is another
/// address to the target, as behind a router; all of them share the line.
pub struct Relay {
    address: SocketAddr,
    /// Ends them when dropped.
    _carriers: JoinSet<()>,
}

impl Relay {
    /// # Errors
    /// When `listen` cannot be bound.
    pub async fn start(listen: SocketAddr, target: SocketAddr, line: Line) -> Result<Self> {
        let near = Arc::new(UdpSocket::bind(listen).await?);
        let address = near.local_addr()?;
        let (there, there_queue) = mpsc::channel(MOST_UNDER_WAY);
        let (back, back_queue) = mpsc::channel(MOST_UNDER_WAY);
        // What the line cannot take is lost, like everything that it loses.
        let to_target = |(far, datagram): (Arc<UdpSocket>, Vec<u8>)| drop(far.try_send(&datagram));
        let from = Arc::clone(&near);
        let to_client = move |(client, datagram): (SocketAddr, Vec<u8>)| {
            drop(from.try_send_to(&datagram, client));
        };
        let mut carriers = JoinSet::new();
        carriers.spawn(take_from_clients(near, target, there, back));
        carriers.spawn(deliver(there_queue, line, line.seed, to_target));
        carriers.spawn(deliver(back_queue, line, !line.seed, to_client));
        Ok(Self {
            address,
            _carriers: carriers,
        })
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn take_from_clients(
    near: Arc<UdpSocket>,
    target: SocketAddr,
    there: mpsc::Sender<(Arc<UdpSocket>, Vec<u8>)>,
    back: mpsc::Sender<(SocketAddr, Vec<u8>)>,
) {
    let mut ways: HashMap<SocketAddr, Arc<UdpSocket>> = HashMap::new();
    let mut takers = JoinSet::new();
    let mut datagram = vec![0; LARGEST_DATAGRAM];
    loop {
        let Ok((length, client)) = near.recv_from(&mut datagram).await else {
            continue;
        };
        if !ways.contains_key(&client) && ways.len() < MOST_CLIENTS {
            let Ok(far) = way_to(target).await else {
                continue;
            };
            takers.spawn(take_from_target(Arc::clone(&far), client, back.clone()));
            ways.insert(client, far);
        }
        if let Some(far) = ways.get(&client) {
            let _ = there.try_send((Arc::clone(far), datagram[..length].to_vec()));
        }
    }
}

async fn way_to(target: SocketAddr) -> Result<Arc<UdpSocket>> {
    let any = SocketAddr::new(target.ip(), 0);
    let far = UdpSocket::bind(any).await?;
    far.connect(target).await?;
    Ok(Arc::new(far))
}

async fn take_from_target(
    far: Arc<UdpSocket>,
    client: SocketAddr,
    back: mpsc::Sender<(SocketAddr, Vec<u8>)>,
) {
    let mut datagram = vec![0; LARGEST_DATAGRAM];
    loop {
        if let Ok(length) = far.recv(&mut datagram).await {
            let _ = back.try_send((client, datagram[..length].to_vec()));
        }
    }
}

/// Holds each datagram for its time, or loses it. A queue jitters and does not reorder, as real ones.
async fn deliver<T: Send>(
    mut queue: mpsc::Receiver<T>,
    line: Line,
    seed: u64,
    send: impl Fn(T) + Send,
) {
    let mut chance = Chance(seed);
    let mut under_way: VecDeque<(Instant, T)> = VecDeque::new();
    loop {
        let due = under_way.front().map(|(due, _)| *due);
        tokio::select! {
            datagram = queue.recv() => match datagram {
                Some(_) if chance.below(1_000) < line.loss_per_mille || under_way.len() >= MOST_UNDER_WAY => {}
                Some(datagram) => {
                    let jitter = u64::try_from(line.jitter.as_micros()).unwrap_or(u64::MAX);
                    let held = line.delay + Duration::from_micros(chance.below(jitter.max(1)));
                    let after = under_way.back().map_or_else(Instant::now, |(due, _)| *due);
                    under_way.push_back(((Instant::now() + held).max(after), datagram));
                }
                None => return,
            },
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                if let Some((_, datagram)) = under_way.pop_front() {
                    send(datagram);
                }
            }
        }
    }
}

/// SplitMix64: small, and the same everywhere for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ mixed >> 31) % bound
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[tokio::test]
    async fn a_line_delays_and_loses_what_it_says() {
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let target = UdpSocket::bind(loopback).await.unwrap();
        let line = Line {
            seed: 7,
            delay: Duration::from_millis(30),
            jitter: Duration::from_millis(10),
            loss_per_mille: 200,
        };
        let relay = Relay::start(loopback, target.local_addr().unwrap(), line)
            .await
            .unwrap();
        let client = UdpSocket::bind(loopback).await.unwrap();
        client.connect(relay.address()).await.unwrap();
        let began = Instant::now();
        for number in 0..200u8 {
            client.send(&[number]).await.unwrap();
            tokio::task::yield_now().await;
        }
        let mut arrived = 0;
        let mut first = None;
        let mut datagram = [0; 8];
        while let Ok(Ok(_)) =
            tokio::time::timeout(Duration::from_millis(300), target.recv(&mut datagram)).await
        {
            first.get_or_insert_with(|| began.elapsed());
            arrived += 1;
        }
        assert!(first.unwrap() >= Duration::from_millis(30));
        assert!((120..190).contains(&arrived), "{arrived} of 200 arrived");
    }

    #[tokio::test]
    async fn each_client_gets_its_own_answers() {
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let target = UdpSocket::bind(loopback).await.unwrap();
        let line = Line {
            seed: 7,
            delay: Duration::from_millis(5),
            jitter: Duration::ZERO,
            loss_per_mille: 0,
        };
        let relay = Relay::start(loopback, target.local_addr().unwrap(), line)
            .await
            .unwrap();
        let clients = [
            UdpSocket::bind(loopback).await.unwrap(),
            UdpSocket::bind(loopback).await.unwrap(),
        ];
        let mut datagram = [0; 8];
        for (number, client) in (0u8..).zip(&clients) {
            client.send_to(&[number], relay.address()).await.unwrap();
        }
        for _ in &clients {
            let (length, from) = target.recv_from(&mut datagram).await.unwrap();
            target.send_to(&datagram[..length], from).await.unwrap();
        }
        for (number, client) in (0u8..).zip(&clients) {
            let (length, _) = client.recv_from(&mut datagram).await.unwrap();
            assert_eq!(datagram[..length], [number]);
        }
    }
}
