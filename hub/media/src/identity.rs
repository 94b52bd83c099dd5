//! What every session of this engine shares: the certificate, the addresses it is reached at, and the
//! codecs and extensions it speaks. Sessions themselves are made in `offer`.

use std::time::{Duration, Instant};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    sync::Arc,
};
use str0m::{
    Candidate, IceCreds, Rtc, RtcConfig,
    config::{CryptoProvider, DtlsCert},
    crypto::from_feature_flags,
    error::IceError,
    net::TcpType,
    rtp::{Extension, ExtensionMap},
};

/// How often an idle path is probed at least, so that a dead peer is noticed within seconds.
const PROBE_EVERY: Duration = Duration::from_millis(1_500);
/// Packets kept to answer retransmission requests, of one slot: more than the longest burst from a
/// typical cache.
pub(crate) const RESEND_PACKETS: usize = 2_048;

/// H.264 payload types with those of their retransmissions, best first. All packetization mode 1.
const H264: [(u8, u8, u32); 4] = [
    (108, 109, 0x42_e0_1f),
    (127, 121, 0x42_00_1f),
    (123, 119, 0x4d_00_1f),
    (114, 115, 0x64_00_1f),
];

#[derive(Clone)]
pub(crate) struct Identity {
    crypto: Arc<CryptoProvider>,
    certificate: DtlsCert,
    reached: Reached,
}

/// Where peers reach this engine, by UDP and by TCP.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reached {
    pub(crate) udp: Vec<SocketAddr>,
    pub(crate) tcp: Vec<SocketAddr>,
}

/// Which way media flows, which decides the extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Publisher,
    Wall,
}

impl Identity {
    /// One certificate for all sessions: making one takes longer than the rest of a session.
    pub(crate) fn new(
        udp: SocketAddr,
        tcp: Option<SocketAddr>,
        advertise: &[IpAddr],
    ) -> io::Result<Identity> {
        let crypto = from_feature_flags();
        let certificate = crypto
            .dtls_provider
            .generate_certificate()
            .ok_or_else(|| io::Error::other("could not make a certificate for media"))?;
        let reached = Reached {
            udp: reached_at(udp, advertise),
            tcp: tcp.map_or_else(Vec::new, |tcp| reached_at(tcp, advertise)),
        };
        Ok(Identity {
            crypto: Arc::new(crypto),
            certificate,
            reached,
        })
    }

    pub(crate) fn reached(&self) -> &Reached {
        &self.reached
    }

    /// A session that can be reached at every address; its credentials' name finds it at the port.
    pub(crate) fn session(&self, side: Side) -> (Rtc, String) {
        let credentials = IceCreds::new();
        let name = credentials.ufrag.clone();
        let mut config = RtcConfig::new()
            .set_crypto_provider(Arc::clone(&self.crypto))
            .set_dtls_cert(self.certificate.clone())
            .set_local_ice_credentials(credentials)
            .set_rtp_mode(true)
            .set_send_buffer_video(RESEND_PACKETS)
            .clear_codecs()
            .enable_opus(true, false)
            .set_extension_map(extensions(side));
        config.set_max_stun_rto(PROBE_EVERY);
        for (payload, resend, profile) in H264 {
            config
                .codec_config()
                .add_h264(payload.into(), Some(resend.into()), true, profile);
        }
        let mut rtc = config.build(Instant::now());
        let udp = self.reached.udp.iter().map(|at| (at, udp(*at)));
        let tcp = self.reached.tcp.iter().map(|at| (at, tcp(*at)));
        for (address, candidate) in udp.chain(tcp) {
            match candidate {
                Ok(candidate) => drop(rtc.add_local_candidate(candidate)),
                Err(error) => {
                    tracing::warn!(%address, %error, "address cannot be advertised for media")
                }
            }
        }
        (rtc, name)
    }
}

fn udp(at: SocketAddr) -> Result<Candidate, IceError> {
    Candidate::builder().udp().host(at).build()
}

/// Peers connect to us; browsers give such a way less weight than UDP by themselves.
fn tcp(at: SocketAddr) -> Result<Candidate, IceError> {
    Candidate::builder()
        .tcp()
        .host(at)
        .tcptype(TcpType::Passive)
        .build()
}

fn extensions(side: Side) -> ExtensionMap {
    let mut map = ExtensionMap::empty();
    map.set(4, Extension::RtpMid);
    match side {
        Side::Publisher => map.set(3, Extension::TransportSequenceNumber),
        Side::Wall => map.set(5, Extension::PlayoutDelay),
    }
    map
}

/// The advertised addresses, else the one that is listened on, else whatever this machine would use to
/// reach the world (asking the routing table sends nothing), with loopback.
fn reached_at(listen: SocketAddr, advertise: &[IpAddr]) -> Vec<SocketAddr> {
    let ips = if !advertise.is_empty() {
        advertise.to_vec()
    } else if !listen.ip().is_unspecified() {
        vec![listen.ip()]
    } else {
        let mut ips: Vec<IpAddr> = routed().into_iter().collect();
        ips.push(Ipv4Addr::LOCALHOST.into());
        ips
    };
    ips.into_iter()
        .map(|ip| SocketAddr::new(ip, listen.port()))
        .collect()
}

fn routed() -> Option<IpAddr> {
    let probe = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    probe.connect((Ipv4Addr::new(198, 51, 100, 1), 9)).ok()?;
    probe
        .local_addr()
        .ok()
        .map(|address| address.ip())
        .filter(|ip| !ip.is_unspecified())
}
