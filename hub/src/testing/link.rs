//! A hub's link over real TLS and gRPC, and a device's end of it, frame by frame. What a device decides is
//! `device`'s.

use super::TestHub;
use super::device::key_and_request;
use crate::devices::LINK_NAME;
use crate::world::PremisesId;
use assent_wire::link::enrolment_client::EnrolmentClient;
use assent_wire::link::link_client::LinkClient;
use assent_wire::link::{self, DeviceFrame, EnrolRequest, device_frame, hub_frame};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Streaming};

/// Much longer than anything takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// A hub whose link listens.
pub(crate) struct TestLink {
    pub(crate) test: TestHub,
    pub(crate) address: std::net::SocketAddr,
    pub(crate) draining: CancellationToken,
}

/// A device's key and the certificate that it was given.
pub(crate) struct Enrolled {
    pub(crate) key: String,
    pub(crate) certificate: Vec<u8>,
}

/// A device's line to the hub.
pub(crate) struct Line {
    out: mpsc::Sender<DeviceFrame>,
    frames: Streaming<link::HubFrame>,
}

impl TestLink {
    pub(crate) async fn new() -> Self {
        let test = TestHub::new().await;
        let draining = CancellationToken::new();
        let address = crate::link::listen(test.hub.clone(), TaskTracker::new(), draining.clone());
        let address = address.await.unwrap();
        tokio::spawn(test.hub.sharing.clone().keep_written(draining.clone()));
        Self {
            test,
            address,
            draining,
        }
    }

    pub(crate) async fn channel(&self, identity: Option<&Enrolled>) -> Channel {
        let authority = self.test.hub.devices.authority().certificate_pem();
        let mut tls = ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(authority))
            .domain_name(LINK_NAME);
        if let Some(enrolled) = identity {
            tls = tls.identity(Identity::from_pem(enrolled.pem(), &enrolled.key));
        }
        let endpoint = Endpoint::from_shared(format!("https://{}", self.address)).unwrap();
        endpoint.tls_config(tls).unwrap().connect().await.unwrap()
    }

    pub(crate) async fn enrol(&self, code: &str) -> Result<Enrolled, tonic::Status> {
        let (key, request) = key_and_request();
        let mut client = EnrolmentClient::new(self.channel(None).await);
        let asked = EnrolRequest {
            claim_code: code.to_owned(),
            certificate_request: request,
            name: "box".to_owned(),
        };
        let reply = client.enrol(asked).await?.into_inner();
        assert_eq!(reply.premises_name, "Corner Shop");
        Ok(Enrolled {
            key: key.serialize_pem(),
            certificate: reply.certificate,
        })
    }

    pub(crate) async fn claimed(&self) -> Enrolled {
        let claim = self.test.hub.devices.claim(PremisesId::of_key("shop"));
        let claim = claim.await.unwrap();
        self.enrol(claim.code.reveal()).await.unwrap()
    }

    pub(crate) async fn attach(&self, enrolled: Option<&Enrolled>) -> Result<Line, tonic::Status> {
        let (out, frames) = mpsc::channel(16);
        let mut client = LinkClient::new(self.channel(enrolled).await);
        let frames = client.attach(ReceiverStream::new(frames)).await?;
        Ok(Line {
            out,
            frames: frames.into_inner(),
        })
    }

    /// A line whose Hello the hub has taken in.
    pub(crate) async fn greeted(&self, enrolled: &Enrolled) -> Line {
        let mut line = self.attach(Some(enrolled)).await.unwrap();
        line.hello().await;
        line.wait(|body| matches!(body, hub_frame::Body::Wanted(_)))
            .await;
        line
    }

    pub(crate) fn online(&self) -> usize {
        let devices = self.test.hub.devices.all();
        devices.iter().filter(|device| device.online).count()
    }
}

impl Enrolled {
    pub(crate) fn pem(&self) -> String {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(&self.certificate);
        format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
    }
}

impl Line {
    pub(crate) async fn say(&self, seq: u64, body: device_frame::Body) {
        let body = Some(body);
        self.out.send(DeviceFrame { seq, body }).await.unwrap();
    }

    pub(crate) async fn hello(&self) {
        self.say(0, device_frame::Body::Hello(hello())).await;
    }

    pub(crate) async fn next(&mut self) -> Result<Option<hub_frame::Body>, tonic::Status> {
        let frame = tokio::time::timeout(PATIENCE, self.frames.message()).await;
        Ok(frame.unwrap()?.and_then(|frame| frame.body))
    }

    /// Waits for a frame of one kind and passes over the others.
    pub(crate) async fn wait(
        &mut self,
        wanted: impl Fn(&hub_frame::Body) -> bool,
    ) -> hub_frame::Body {
        loop {
            let body = self.next().await.unwrap().unwrap();
            if wanted(&body) {
                return body;
            }
        }
    }

    /// How the line ends.
    pub(crate) async fn end(&mut self) -> Code {
        loop {
            match self.next().await {
                Ok(Some(_)) => {}
                Ok(None) => return Code::Ok,
                Err(status) => return status.code(),
            }
        }
    }
}

/// One camera, which refuses its password.
pub(crate) fn hello() -> link::Hello {
    link::Hello {
        boot_id: vec![7; 16],
        software: "test".to_owned(),
        cameras: vec![link::Camera {
            number: 1,
            name: "Door".to_owned(),
            health: Some(link::CameraHealth {
                number: 1,
                condition: link::camera_health::Condition::WrongPassword.into(),
                reason: "the camera refuses this password".to_owned(),
            }),
            ..link::Camera::default()
        }],
        ..link::Hello::default()
    }
}
