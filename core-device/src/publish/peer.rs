//! One WebRTC connection to the hub: this device offers, the hub answers, packets go one way. What is in
//! the packets is not known here; whether they may go is asked by `outlet`, below the library.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rtc::interceptor::{Registry, Slot};
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::interceptor_registry::{
    configure_nack, configure_rtcp_reports,
};
use rtc::peer_connection::configuration::media_engine::{
    MIME_TYPE_H264, MIME_TYPE_OPUS, MIME_TYPE_RTX, MediaEngine,
};
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters,
    RTCRtpRtxParameters, RtpCodecKind,
};
use tokio::sync::watch;
use tokio::time::timeout;
use webrtc::error::Error as RtcError;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCIceGatheringState,
    RTCPeerConnectionState, RTCSessionDescription, SettingEngine, SettingEngineBuilder,
    SrtpProtectionProfile,
};
use webrtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit, RtpTransceiver};

use super::demand::Layer;
use super::feed::Numbers;
use super::key_request::KeyRequests;
use super::outlet::Outlet;
use crate::valve::Valve;

type Line = Arc<dyn RtpTransceiver>;

const H264: u8 = 96;
const H264_AGAIN: u8 = 97;
const OPUS: u8 = 111;
/// The library's own interceptors have places up to 13,000.
const AFTER_THE_OTHERS: usize = 14_000;
/// The library's own 200 ms would be a fifth of the time from press to picture.
const ICE_CHECK_EVERY: Duration = Duration::from_millis(20);
/// At that pace this many tries are six seconds, as long as anybody waits.
const ICE_CHECKS: u16 = 300;
/// A hub that says nothing for this long is gone; it answers our checks several times a second.
const ICE_SILENT_AFTER: Duration = Duration::from_secs(2);
const ICE_FAILED_AFTER: Duration = Duration::from_secs(2);
const ICE_KEEP_ALIVE: Duration = Duration::from_millis(500);
/// Own addresses are known at once; a slow one is done without, the hub learns it from our checks.
const GATHERING: Duration = Duration::from_millis(150);

pub(super) struct Peer {
    connection: Arc<dyn PeerConnection>,
    state: watch::Receiver<RTCPeerConnectionState>,
}

/// One track of the offer.
pub(super) struct OfferedTrack {
    pub layer: Layer,
    pub mid: String,
    pub track: Arc<TrackLocalStaticRTP>,
    pub numbers: Numbers,
}

/// A connection that is described but has no answer yet.
pub(super) struct Offer {
    pub peer: Peer,
    pub sdp: String,
    pub tracks: Vec<OfferedTrack>,
}

impl Peer {
    /// Binds a socket on each of `addresses` and describes a connection with these layers. Whatever is
    /// given to it leaves by `valve`.
    pub(super) async fn offer(
        layers: &[Layer],
        addresses: &[IpAddr],
        valve: Arc<Valve>,
    ) -> Result<Offer, RtcError> {
        let sources: Vec<(Layer, u32)> = layers.iter().map(|l| (*l, rand::random())).collect();
        let sound = sources.iter().find(|(layer, _)| *layer == Layer::Audio);
        let outlet = Outlet::new(valve, sound.map(|(_, ssrc)| *ssrc));
        let (state, state_seen) = watch::channel(RTCPeerConnectionState::New);
        let (gathered, mut gathered_seen) = watch::channel(false);
        let sockets: Vec<SocketAddr> = addresses.iter().map(|ip| SocketAddr::new(*ip, 0)).collect();
        let (engine, interceptors) = codecs()?;
        let connection: Arc<dyn PeerConnection> = Arc::new(
            PeerConnectionBuilder::new()
                .with_runtime(Arc::new(outlet))
                .with_media_engine(engine)
                .with_interceptor_registry(interceptors)
                .with_setting_engine(settings())
                .with_handler(Arc::new(Handler { state, gathered }))
                .with_udp_addrs(sockets)
                .build()
                .await?,
        );
        let peer = Self {
            connection,
            state: state_seen,
        };
        let mut tracks = Vec::with_capacity(layers.len());
        let mut lines = Vec::with_capacity(layers.len());
        for (layer, ssrc) in sources {
            let (track, line) = peer.add_track(layer, ssrc).await?;
            tracks.push(track);
            lines.push(line);
        }
        let description = peer.connection.create_offer(None).await?;
        peer.connection.set_local_description(description).await?;
        // An address that comes later is not worth waiting for, and its absence no failure.
        let _ = timeout(GATHERING, gathered_seen.wait_for(|done| *done)).await;
        let sdp = peer
            .connection
            .local_description()
            .await
            .ok_or(RtcError::ErrConnectionClosed)?
            .sdp;
        name_tracks(&mut tracks, &lines).await?;
        Ok(Offer { peer, sdp, tracks })
    }

    async fn add_track(&self, layer: Layer, ssrc: u32) -> Result<(OfferedTrack, Line), RtcError> {
        let (kind, codec, payload_type) = match layer {
            Layer::Main | Layer::Sub => (RtpCodecKind::Video, h264(), H264),
            Layer::Audio => (RtpCodecKind::Audio, opus(), OPUS),
        };
        let again = (kind == RtpCodecKind::Video).then(|| RTCRtpRtxParameters {
            ssrc: rand::random(),
        });
        let coding = RTCRtpEncodingParameters {
            rtp_coding_parameters: RTCRtpCodingParameters {
                ssrc: Some(ssrc),
                rtx: again,
                ..Default::default()
            },
            active: true,
            codec,
            ..Default::default()
        };
        let name = format!("{layer:?}").to_lowercase();
        let track = MediaStreamTrack::new("camera".into(), name.clone(), name, kind, vec![coding]);
        let track = Arc::new(TrackLocalStaticRTP::new(track));
        let init = RTCRtpTransceiverInit {
            direction: RTCRtpTransceiverDirection::Sendonly,
            streams: vec!["camera".into()],
            send_encodings: vec![],
        };
        let line = self
            .connection
            .add_transceiver_from_track(track.clone(), Some(init))
            .await?;
        // Starts low: a receiver cannot tell how often a number beyond half its range has wrapped.
        let numbers = Numbers {
            ssrc,
            payload_type,
            sequence: rand::random::<u16>() & 0x3fff,
            base: rand::random(),
            last: None,
        };
        let track = OfferedTrack {
            layer,
            mid: String::new(),
            track,
            numbers,
        };
        Ok((track, line))
    }

    pub(super) async fn accept(&self, answer: String) -> Result<(), RtcError> {
        let answer = RTCSessionDescription::answer(answer)?;
        self.connection.set_remote_description(answer).await
    }

    /// True once packets can go; false when that will not happen any more.
    pub(super) async fn connected(&mut self) -> bool {
        let reached = self
            .state
            .wait_for(|state| *state == RTCPeerConnectionState::Connected || is_over(*state));
        reached
            .await
            .is_ok_and(|state| *state == RTCPeerConnectionState::Connected)
    }

    /// Returns when the connection is over.
    pub(super) async fn lost(&mut self) {
        // A closed channel means the same.
        let _ = self.state.wait_for(|state| is_over(*state)).await;
    }

    pub(super) async fn close(&self) {
        if let Err(error) = self.connection.close().await {
            tracing::debug!(%error, "closing a media connection");
        }
    }
}

/// A line has its name only once there is a description. The connection's own list of lines has no order.
async fn name_tracks(tracks: &mut [OfferedTrack], lines: &[Line]) -> Result<(), RtcError> {
    for (track, line) in tracks.iter_mut().zip(lines) {
        track.mid = line.mid().await?.ok_or(RtcError::ErrConnectionClosed)?;
    }
    Ok(())
}

fn is_over(state: RTCPeerConnectionState) -> bool {
    matches!(
        state,
        RTCPeerConnectionState::Failed | RTCPeerConnectionState::Closed
    )
}

struct Handler {
    state: watch::Sender<RTCPeerConnectionState>,
    gathered: watch::Sender<bool>,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        self.gathered
            .send_replace(state == RTCIceGatheringState::Complete);
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        self.state.send_replace(state);
    }
}

fn settings() -> SettingEngine {
    SettingEngineBuilder::new()
        .with_ice_connection_attempts(Some(ICE_CHECK_EVERY), Some(ICE_CHECKS))
        .with_ice_timeouts(
            Some(ICE_SILENT_AFTER),
            Some(ICE_FAILED_AFTER),
            Some(ICE_KEEP_ALIVE),
        )
        .with_host_acceptance_min_wait(None)
        .with_include_loopback_candidate(true)
        // No socket that listens to the whole LAN.
        .with_multicast_dns_mode(rtc::ice::mdns::MulticastDnsMode::Disabled)
        .with_srtp_protection_profiles(vec![
            SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
            SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm,
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
        ])
        .build()
}

/// Only what this device sends; lost packets are sent again on request.
fn codecs() -> Result<(MediaEngine, Registry), RtcError> {
    let mut engine = MediaEngine::default();
    let again = RTCRtpCodec {
        mime_type: MIME_TYPE_RTX.to_owned(),
        clock_rate: 90_000,
        channels: 0,
        sdp_fmtp_line: format!("apt={H264}"),
        rtcp_feedback: vec![],
    };
    for (codec, payload_type) in [(h264(), H264), (again, H264_AGAIN)] {
        let parameters = RTCRtpCodecParameters {
            rtp_codec: codec,
            payload_type,
        };
        engine.register_codec(parameters, RtpCodecKind::Video)?;
    }
    let parameters = RTCRtpCodecParameters {
        rtp_codec: opus(),
        payload_type: OPUS,
    };
    engine.register_codec(parameters, RtpCodecKind::Audio)?;
    let interceptors = configure_rtcp_reports(configure_nack(Registry::new(), &mut engine));
    Ok((
        engine,
        interceptors.with(Slot::from(AFTER_THE_OTHERS), KeyRequests::default()),
    ))
}

/// High profile streams go under this name too: every browser decodes them.
fn h264() -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: MIME_TYPE_H264.to_owned(),
        clock_rate: 90_000,
        channels: 0,
        sdp_fmtp_line: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"
            .to_owned(),
        rtcp_feedback: vec![],
    }
}

fn opus() -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: MIME_TYPE_OPUS.to_owned(),
        clock_rate: 48_000,
        channels: 2,
        sdp_fmtp_line: "minptime=10;useinbandfec=1".to_owned(),
        rtcp_feedback: vec![],
    }
}
