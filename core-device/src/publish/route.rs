//! Which of this device's own addresses lies on the way to the hub. Media leaves from that one, so that
//! the hub need not try the others.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{UdpSocket, lookup_host};
use tokio::time::timeout;

/// Longer than a name server on the same network takes; the other addresses are tried instead.
const LOOKED_UP_WITHIN: Duration = Duration::from_millis(500);

/// Knows the hub as `host:port`.
#[derive(Debug, Clone)]
pub(super) struct Route {
    hub: Arc<str>,
}

impl Route {
    pub(super) fn new(hub: &str) -> Self {
        Self { hub: hub.into() }
    }

    /// The address on the way to the hub; on later tries, every other one of this device as well.
    pub(super) async fn addresses(&self, tries: u32) -> Vec<IpAddr> {
        let every = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        match timeout(LOOKED_UP_WITHIN, self.local()).await {
            Ok(Some(ip)) if tries == 0 || ip.is_loopback() => vec![ip],
            Ok(Some(ip)) => vec![ip, every],
            Ok(None) | Err(_) => vec![every],
        }
    }

    async fn local(&self) -> Option<IpAddr> {
        let hub = lookup_host(&*self.hub).await.ok()?.next()?;
        let any: SocketAddr = if hub.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" }
            .parse()
            .ok()?;
        let socket = UdpSocket::bind(any).await.ok()?;
        // Chooses a route; sends nothing.
        socket.connect(hub).await.ok()?;
        socket.local_addr().ok().map(|address| address.ip())
    }
}
