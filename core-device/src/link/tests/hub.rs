//! A hub as a device sees it: an authority, a listener behind a relay that can be cut or frozen, and the
//! two services, which do no more than the tests ask.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use assent_wire::link::device_frame::Body;
use assent_wire::link::enrolment_server::{Enrolment, EnrolmentServer};
use assent_wire::link::link_server::{Link, LinkServer};
use assent_wire::link::{DeviceFrame, EnrolReply, EnrolRequest, HubFrame, hub_frame};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyPair,
};
use rustls_pki_types::CertificateSigningRequestDer;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status, Streaming};

use super::super::authority::{LINK_NAME, pem};
use super::super::claim::Claim;

pub(super) struct Hub {
    authority: Vec<u8>,
    address: SocketAddr,
    said: mpsc::Receiver<DeviceFrame>,
    line: watch::Receiver<Option<mpsc::Sender<Result<HubFrame, Status>>>>,
    cuts: watch::Sender<u64>,
    frozen: Arc<AtomicBool>,
}

struct Services {
    issuer: Arc<Issuer<'static, KeyPair>>,
    authority: Vec<u8>,
    said: mpsc::Sender<DeviceFrame>,
    line: watch::Sender<Option<mpsc::Sender<Result<HubFrame, Status>>>>,
}

impl Hub {
    pub(super) async fn start() -> Self {
        rustls::crypto::aws_lc_rs::default_provider()
            .install_default()
            .ok();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = params.self_signed(&key).unwrap().der().to_vec();
        let issuer = Arc::new(Issuer::new(params, key));
        let (said, hears) = mpsc::channel(64);
        let (line, line_seen) = watch::channel(None);
        let inner = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let behind = inner.local_addr().unwrap();
        let services = Arc::new(Services {
            issuer: Arc::clone(&issuer),
            authority: authority.clone(),
            said,
            line,
        });
        let tls = server_tls(&issuer, &authority);
        let server = Server::builder()
            .tls_config(tls)
            .unwrap()
            .add_service(EnrolmentServer::from_arc(Arc::clone(&services)))
            .add_service(LinkServer::from_arc(services));
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(inner)));
        let relay = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = relay.local_addr().unwrap();
        let (cuts, frozen) = (watch::Sender::new(0), Arc::new(AtomicBool::new(false)));
        tokio::spawn(relay_all(
            relay,
            behind,
            cuts.subscribe(),
            Arc::clone(&frozen),
        ));
        Self {
            authority,
            address,
            said: hears,
            line: line_seen,
            cuts,
            frozen,
        }
    }

    pub(super) fn claim(&self) -> Claim {
        let code = "good".to_owned();
        Claim {
            code,
            address: self.address.to_string(),
            authority: Sha256::digest(&self.authority).into(),
        }
    }

    pub(super) async fn next(&mut self) -> DeviceFrame {
        tokio::time::timeout(Duration::from_secs(10), self.said.recv())
            .await
            .unwrap()
            .unwrap()
    }

    /// The next thing that must not be lost.
    pub(super) async fn next_fact(&mut self) -> DeviceFrame {
        loop {
            let frame = self.next().await;
            if frame.seq > 0 {
                return frame;
            }
        }
    }

    pub(super) async fn silent_for(&mut self, time: Duration) -> bool {
        tokio::time::timeout(time, self.said.recv()).await.is_err()
    }

    pub(super) async fn say(&mut self, body: hub_frame::Body) {
        let line = self
            .line
            .wait_for(Option::is_some)
            .await
            .unwrap()
            .clone()
            .unwrap();
        line.send(Ok(HubFrame { body: Some(body) })).await.unwrap();
    }

    /// Every connection ends.
    pub(super) async fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
        tokio::task::yield_now().await;
    }

    /// Connections stay and carry nothing, like a network without its router.
    pub(super) fn freeze(&self) {
        self.frozen.store(true, Ordering::SeqCst);
    }
}

fn server_tls(issuer: &Issuer<'static, KeyPair>, authority: &[u8]) -> ServerTlsConfig {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([LINK_NAME.to_owned()]).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let leaf = params.signed_by(&key, issuer).unwrap();
    let authority = pem("CERTIFICATE", authority);
    let chain = format!("{}{authority}", leaf.pem());
    ServerTlsConfig::new()
        .identity(Identity::from_pem(chain, key.serialize_pem()))
        .client_ca_root(Certificate::from_pem(authority))
        .client_auth_optional(true)
}

#[tonic::async_trait]
impl Enrolment for Services {
    async fn enrol(&self, request: Request<EnrolRequest>) -> Result<Response<EnrolReply>, Status> {
        let request = request.into_inner();
        if request.claim_code == "used" {
            return Err(Status::permission_denied(
                "Another device has used this claim code.",
            ));
        }
        let asked = CertificateSigningRequestDer::from(request.certificate_request);
        let asked = CertificateSigningRequestParams::from_der(&asked).unwrap();
        let certificate = asked.signed_by(&self.issuer).unwrap().der().to_vec();
        let premises_name = "Corner shop".to_owned();
        Ok(Response::new(EnrolReply {
            certificate,
            authority: self.authority.clone(),
            premises_name,
            consent_origins: Vec::new(),
        }))
    }
}

#[tonic::async_trait]
impl Link for Services {
    type AttachStream = Pin<Box<ReceiverStream<Result<HubFrame, Status>>>>;

    async fn attach(
        &self,
        request: Request<Streaming<DeviceFrame>>,
    ) -> Result<Response<Self::AttachStream>, Status> {
        assert!(
            request
                .peer_certs()
                .is_some_and(|certificates| !certificates.is_empty()),
            "no client certificate"
        );
        let mut frames = request.into_inner();
        let (line, hub_says) = mpsc::channel(64);
        self.line.send_replace(Some(line));
        let said = self.said.clone();
        tokio::spawn(async move {
            while let Ok(Some(frame)) = frames.message().await {
                if !matches!(frame.body, Some(Body::CameraHealth(_))) {
                    said.send(frame).await.ok();
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(hub_says))))
    }
}

async fn relay_all(
    listener: TcpListener,
    behind: SocketAddr,
    cuts: watch::Receiver<u64>,
    frozen: Arc<AtomicBool>,
) {
    while let Ok((near, _)) = listener.accept().await {
        let far = TcpStream::connect(behind).await.unwrap();
        let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
        for (from, to) in [(near_in, far_out), (far_in, near_out)] {
            let mut cuts = cuts.clone();
            cuts.mark_unchanged();
            let frozen = Arc::clone(&frozen);
            tokio::spawn(async move {
                tokio::select! {
                    () = relay(from, to, &frozen) => {}
                    _ = cuts.changed() => {}
                }
            });
        }
    }
}

async fn relay(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, frozen: &AtomicBool) {
    let mut bytes = [0; 4096];
    loop {
        let Ok(length) = from.read(&mut bytes).await else {
            return;
        };
        if length == 0
            || (!frozen.load(Ordering::SeqCst) && to.write_all(&bytes[..length]).await.is_err())
        {
            return;
        }
    }
}
