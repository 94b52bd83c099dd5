//! One RTSP connection to one stream of a camera: sign in, see what it offers, choose picture and
//! sound, and start playing. When to try again is decided in `pull`.

use std::time::Duration;

use retina::client::{
    Credentials, Demuxed, PlayOptions, Session, SessionOptions, SetupOptions, TcpTransportOptions,
    Transport as RetinaTransport, UdpTransportOptions,
};
use retina::codec::{AudioParameters, FrameFormat, ParametersRef, VideoParameters};
use tokio::time::timeout;

use super::Trouble;
use super::health::Word;
use crate::config::{CameraConfig, Source, Transport};

/// A camera on the same LAN that has not answered by now will not.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// As rings hold it: lengths before NAL units, parameter sets before key frames.
const PASSED_ON: FrameFormat = FrameFormat {
    h26x_framing: FrameFormat::MP4.h26x_framing,
    parameter_set_insertion: FrameFormat::SIMPLE.parameter_set_insertion,
    aac_framing: FrameFormat::SIMPLE.aac_framing,
};

/// Codecs of a picture that this device can share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VideoCodec {
    H264,
    H265,
    Mjpeg,
}

/// Codecs of sound that this device can share, with what the decoder must be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AudioCodec {
    /// With ADTS headers, which say the rest.
    Aac,
    G711A {
        rate_hz: u32,
    },
    G711U {
        rate_hz: u32,
    },
}

/// What one stream's description offers; its numbers index `Session::streams`.
#[derive(Debug, Clone, Default)]
pub(super) struct Offer {
    pub video: Option<(usize, Result<VideoCodec, Word>)>,
    pub audio: Option<(usize, Result<AudioCodec, Word>)>,
}

/// A playing stream.
pub(super) struct Playing {
    pub demuxed: Demuxed,
    pub video: usize,
    pub codec: VideoCodec,
    pub audio: Option<(usize, AudioCodec)>,
}

/// A stream that was described and not started.
pub(super) struct Described {
    session: Session<retina::client::Described>,
    pub offer: Offer,
}

/// Asks the camera what it has.
pub(super) async fn describe(source: &Source) -> Result<Described, Trouble> {
    let credentials = source.username.as_ref().map(|username| Credentials {
        username: username.clone(),
        password: source
            .password
            .as_ref()
            .map_or("", |password| password.expose())
            .to_owned(),
    });
    let options = SessionOptions::default()
        .creds(credentials)
        .user_agent(concat!("assent-core/", env!("CARGO_PKG_VERSION")).to_owned());
    let session = within(Session::describe(source.url.clone(), options)).await?;
    let offer = offer(&session);
    Ok(Described { session, offer })
}

impl Described {
    /// Starts it. `raw` asks for pictures in the form that is passed on untouched; a converter takes start
    /// codes instead.
    pub(super) async fn play(
        mut self,
        camera: &CameraConfig,
        wants_audio: bool,
        raw: impl Fn(VideoCodec) -> bool,
    ) -> Result<Playing, Trouble> {
        let (video, codec) = self.offer.video.ok_or(Trouble::NoVideo)?;
        let codec = codec.map_err(Trouble::Codec)?;
        let format = if raw(codec) {
            PASSED_ON
        } else {
            FrameFormat::SIMPLE
        };
        within(
            self.session
                .setup(video, setup_options(camera.transport, format)),
        )
        .await?;
        let audio = match self.offer.audio {
            Some((index, Ok(codec))) if wants_audio => {
                let options = setup_options(camera.transport, FrameFormat::SIMPLE);
                within(self.session.setup(index, options)).await?;
                Some((index, codec))
            }
            Some(_) | None => None,
        };
        let policies = &camera.policies;
        let options = PlayOptions::default()
            .initial_timestamp(policies.initial_timestamp)
            .initial_seq(policies.initial_seq)
            .unknown_rtcp_ssrc(policies.unknown_rtcp_ssrc);
        let playing = within(self.session.play(options)).await?;
        let demuxed = playing.demuxed().map_err(|error| Trouble::from(&error))?;
        Ok(Playing {
            demuxed,
            video,
            codec,
            audio,
        })
    }
}

impl Playing {
    /// What the picture's parameter sets say, once they have come.
    pub(super) fn video_parameters(&self) -> Option<&VideoParameters> {
        match self.demuxed.streams().get(self.video)?.parameters()? {
            ParametersRef::Video(parameters) => Some(parameters),
            ParametersRef::Audio(_) | ParametersRef::Message(_) => None,
        }
    }
}

async fn within<T>(step: impl Future<Output = Result<T, retina::Error>>) -> Result<T, Trouble> {
    match timeout(ANSWERS_WITHIN, step).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => {
            tracing::debug!(error = first_line(&error), "rtsp");
            match Trouble::from(&error) {
                Trouble::Closed => Err(Trouble::HungUp),
                trouble => Err(trouble),
            }
        }
        Err(_) => Err(Trouble::TimedOut),
    }
}

/// `retina` explains itself in several lines; the first says what, the others which packet.
pub(super) fn first_line(error: &retina::Error) -> String {
    error
        .to_string()
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn setup_options(transport: Transport, format: FrameFormat) -> SetupOptions {
    let transport = match transport {
        Transport::Tcp => RetinaTransport::Tcp(TcpTransportOptions::default()),
        Transport::Udp => RetinaTransport::Udp(UdpTransportOptions::default()),
    };
    SetupOptions::default()
        .transport(transport)
        .frame_format(format)
}

fn offer(session: &Session<retina::client::Described>) -> Offer {
    let mut offer = Offer::default();
    for (index, stream) in session.streams().iter().enumerate() {
        let name = stream.encoding_name();
        match stream.media() {
            "video" if !matches!(offer.video, Some((_, Ok(_)))) => {
                offer.video = Some((index, video_codec(name).ok_or_else(|| Word::clean(name))));
            }
            "audio" if !matches!(offer.audio, Some((_, Ok(_)))) => {
                let parameters = match stream.parameters() {
                    Some(ParametersRef::Audio(parameters)) => Some(parameters),
                    Some(ParametersRef::Video(_) | ParametersRef::Message(_)) | None => None,
                };
                let codec = audio_codec(name, stream.clock_rate_hz(), parameters);
                offer.audio = Some((index, codec.ok_or_else(|| Word::clean(name))));
            }
            _ => {}
        }
    }
    offer
}

fn video_codec(name: &str) -> Option<VideoCodec> {
    match name {
        "h264" => Some(VideoCodec::H264),
        "h265" => Some(VideoCodec::H265),
        "jpeg" => Some(VideoCodec::Mjpeg),
        _ => None,
    }
}

fn audio_codec(
    name: &str,
    rate_hz: u32,
    parameters: Option<&AudioParameters>,
) -> Option<AudioCodec> {
    match name {
        // Without parameters `retina` cannot take the packets apart.
        "mpeg4-generic" => parameters.map(|_| AudioCodec::Aac),
        "pcma" => Some(AudioCodec::G711A { rate_hz }),
        "pcmu" => Some(AudioCodec::G711U { rate_hz }),
        _ => None,
    }
}
