//! The gRPC front for CORE devices: mutual TLS on its own port, enrolment with a claim code, and one
//! attached stream a device. It parses frames into the rules' own values and hands them to the slices;
//! it decides nothing.

mod attached;
mod demand;
mod door;
mod frames;
mod hello;
mod outgoing;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use assent_wire::MAX_FRAME;
use assent_wire::link::enrolment_server::{Enrolment, EnrolmentServer};
use assent_wire::link::link_server::{Link, LinkServer};
use assent_wire::link::{DeviceFrame, EnrolReply, EnrolRequest, HubFrame};
use futures::Stream;
use rustls::crypto::aws_lc_rs;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::transport::Server;
use tonic::transport::server::TlsConnectInfo;
use tonic::{Request, Response, Status, Streaming};

use crate::devices::device_of_spki;
use crate::error::{Error, Kind, Result};
use crate::state::Hub;
use crate::world::DeviceId;
use door::Door;

/// Enrol and Attach on one connection; more is no device of ours.
const CALLS_A_CONNECTION: usize = 8;
/// Enrolment writes to the store; a code is not worth waiting longer for.
const ENROL_WITHIN: Duration = Duration::from_secs(15);

#[derive(Clone)]
struct Front {
    hub: Hub,
    draining: CancellationToken,
    tasks: TaskTracker,
}

/// Binds the link's port and serves it until `draining`; devices are then told to come back. Gives the
/// address that is really listened on.
pub async fn listen(
    hub: Hub,
    tasks: TaskTracker,
    draining: CancellationToken,
) -> Result<SocketAddr> {
    let address = hub.config.link.listen;
    let cannot = |e: std::io::Error| {
        Error::unavailable(format!(
            "The hub cannot listen for devices on {address}. Set link.listen to a free port."
        ))
        .because(e)
    };
    let listener = TcpListener::bind(address).await.map_err(cannot)?;
    let local = listener.local_addr().map_err(cannot)?;
    let door = Door {
        tls: tls(&hub)?,
        tasks: tasks.clone(),
        draining: draining.clone(),
    };
    tasks.spawn(demand::pass_on(hub.clone(), draining.clone()));
    let front = Front {
        hub,
        draining: draining.clone(),
        tasks: tasks.clone(),
    };
    let incoming = ReceiverStream::new(door.open(listener));
    let serving = Server::builder()
        .concurrency_limit_per_connection(CALLS_A_CONNECTION)
        .add_service(EnrolmentServer::new(front.clone()).max_decoding_message_size(MAX_FRAME))
        .add_service(LinkServer::new(front).max_decoding_message_size(MAX_FRAME))
        .serve_with_incoming_shutdown(incoming, async move { draining.cancelled().await });
    tasks.spawn(async move {
        if let Err(error) = serving.await {
            tracing::error!(%error, "the device link stopped");
        }
    });
    Ok(local)
}

/// A client certificate is optional in the handshake, because a device that enrols has none yet;
/// `Attach` asks for it.
fn tls(hub: &Hub) -> Result<TlsAcceptor> {
    let authority = hub.devices.authority();
    let identity = authority
        .issue_link(&hub.config.link.names, hub.world.clock.now())
        .map_err(|e| {
            Error::invalid("The link's certificate cannot be made: check link.names.").because(e)
        })?;
    let chain: std::result::Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(identity.chain_pem.as_bytes()).collect();
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes());
    let mut devices = RootCertStore::empty();
    devices
        .add(CertificateDer::from_slice(authority.certificate()))
        .map_err(Error::internal)?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(devices.into(), provider.clone())
        .allow_unauthenticated()
        .build()
        .map_err(Error::internal)?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Error::internal)?
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            chain.map_err(Error::internal)?,
            key.map_err(Error::internal)?,
        )
        .map_err(Error::internal)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(Arc::new(config).into())
}

#[tonic::async_trait]
impl Enrolment for Front {
    async fn enrol(
        &self,
        request: Request<EnrolRequest>,
    ) -> std::result::Result<Response<EnrolReply>, Status> {
        let asked = request.into_inner();
        let enrolling =
            self.hub
                .devices
                .enrol(&asked.claim_code, &asked.certificate_request, &asked.name);
        let enrolled = match tokio::time::timeout(ENROL_WITHIN, enrolling).await {
            Ok(enrolled) => {
                enrolled.inspect_err(|error| tracing::warn!(%error, "enrolment refused"))?
            }
            Err(_) => return Err(Error::unavailable("The hub's store is busy. Try again.").into()),
        };
        let premises_name = self
            .hub
            .registry
            .premises(enrolled.premises)
            .map_or_else(String::new, |premises| premises.name.clone());
        Ok(Response::new(EnrolReply {
            certificate: enrolled.certificate,
            authority: self.hub.devices.authority().certificate().to_vec(),
            premises_name,
            consent_origins: self.hub.owner_page.get().cloned().into_iter().collect(),
        }))
    }
}

#[tonic::async_trait]
impl Link for Front {
    type AttachStream = Pin<Box<dyn Stream<Item = std::result::Result<HubFrame, Status>> + Send>>;

    async fn attach(
        &self,
        request: Request<Streaming<DeviceFrame>>,
    ) -> std::result::Result<Response<Self::AttachStream>, Status> {
        let device = caller(&request)?;
        if self.draining.is_cancelled() {
            return Err(Error::unavailable("The hub is going away. Come back in a moment.").into());
        }
        let known = self.hub.devices.device(device).ok_or_else(unknown)?;
        let (attachment, outgoing) = self.hub.devices.attach(device)?;
        let gone = CancellationToken::new();
        let attached = attached::Attached {
            hub: self.hub.clone(),
            device,
            premises: known.premises,
            gone: gone.clone(),
            draining: self.draining.clone(),
            tasks: self.tasks.clone(),
            offers: Arc::new(Semaphore::new(attached::OFFERS_AT_ONCE)),
        };
        self.tasks
            .spawn(attached.run(attachment, request.into_inner()));
        Ok(Response::new(Box::pin(outgoing::stream(outgoing, gone))))
    }
}

/// Which device this is, by the key in its certificate. The handshake has checked who signed it.
fn caller<T>(request: &Request<T>) -> Result<DeviceId> {
    let info = request
        .extensions()
        .get::<TlsConnectInfo<tonic::transport::server::TcpConnectInfo>>();
    let chain = info
        .and_then(TlsConnectInfo::peer_certs)
        .ok_or_else(unknown)?;
    let leaf = chain.first().ok_or_else(unknown)?;
    let (_, certificate) = x509_parser::parse_x509_certificate(leaf).map_err(|_| unknown())?;
    Ok(device_of_spki(certificate.public_key().raw))
}

fn unknown() -> Error {
    Error::new(
        Kind::SignedOut,
        "This hub does not know this device. Enrol it with a claim code.",
    )
}
