//! The hub's end of a media connection, just enough of it to count what arrives.

use std::sync::Arc;
use std::time::Duration;

use rtc::peer_connection::configuration::media_engine::MediaEngine;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use tokio::sync::mpsc;
use tokio::time::timeout;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCSessionDescription,
    SettingEngineBuilder,
};

/// What one packet says.
pub(super) struct Arrived {
    pub ssrc: u32,
    pub timestamp: u32,
    /// NAL unit type, of what is inside where it is a fragment.
    pub kind: u8,
}

pub(super) struct Receiver {
    _connection: Arc<dyn PeerConnection>,
    packets: mpsc::Receiver<Arrived>,
}

struct Handler(mpsc::Sender<Arrived>);

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        // Its first packets may have come before it had its keys: it asks for a key frame, as the hub does.
        let asking = Arc::clone(&track);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(1_100)).await;
                let ssrcs = asking.ssrcs().await;
                let Some(media_ssrc) = ssrcs.first().copied() else {
                    continue;
                };
                let request = PictureLossIndication {
                    sender_ssrc: 0,
                    media_ssrc,
                };
                if asking.write_rtcp(vec![Box::new(request)]).await.is_err() {
                    return;
                }
            }
        });
        let packets = self.0.clone();
        tokio::spawn(async move {
            while let Some(event) = track.poll().await {
                let TrackRemoteEvent::OnRtpPacket(packet) = event else {
                    continue;
                };
                let first = packet.payload[0] & 0x1f;
                let kind = if first == 28 {
                    packet.payload[1] & 0x1f
                } else {
                    first
                };
                let header = packet.header;
                let arrived = Arrived {
                    ssrc: header.ssrc,
                    timestamp: header.timestamp,
                    kind,
                };
                if packets.send(arrived).await.is_err() {
                    return;
                }
            }
        });
    }
}

impl Receiver {
    pub(super) async fn answer(offer: String) -> (Self, String) {
        let (packets, arrived) = mpsc::channel(4096);
        let mut engine = MediaEngine::default();
        engine.register_default_codecs().unwrap();
        let settings = SettingEngineBuilder::new()
            .with_include_loopback_candidate(true)
            .with_ice_connection_attempts(Some(Duration::from_millis(20)), Some(300))
            .build();
        let connection: Arc<dyn PeerConnection> = Arc::new(
            PeerConnectionBuilder::new()
                .with_media_engine(engine)
                .with_setting_engine(settings)
                .with_handler(Arc::new(Handler(packets)))
                .with_udp_addrs(vec!["127.0.0.1:0"])
                .build()
                .await
                .unwrap(),
        );
        connection
            .set_remote_description(RTCSessionDescription::offer(offer).unwrap())
            .await
            .unwrap();
        let answer = connection.create_answer(None).await.unwrap();
        connection.set_local_description(answer).await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
        let sdp = connection.local_description().await.unwrap().sdp;
        (
            Self {
                _connection: connection,
                packets: arrived,
            },
            sdp,
        )
    }

    pub(super) async fn packet(&mut self, within: Duration) -> Option<Arrived> {
        timeout(within, self.packets.recv()).await.ok().flatten()
    }

    /// Reads up to a packet of a key frame.
    pub(super) async fn key_frame(&mut self) -> Arrived {
        loop {
            let packet = self.packet(Duration::from_secs(5)).await.unwrap();
            if packet.kind == 5 {
                return packet;
            }
        }
    }

    /// Reads until nothing has come for this long.
    pub(super) async fn silence(&mut self, long: Duration) {
        while self.packet(long).await.is_some() {}
    }
}
