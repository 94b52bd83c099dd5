//! Becoming a device of a hub: a claim code and a key made here are exchanged for a certificate. Every
//! way that it can fail says what the installer can do.

use std::fmt;
use std::io;
use std::path::Path;
use std::time::Duration;

use assent_wire::link::enrolment_client::EnrolmentClient;
use assent_wire::link::{EnrolReply, EnrolRequest};
use rcgen::{CertificateParams, KeyPair, PublicKeyData as _};
use tonic::Code;
use tonic::transport::{ClientTlsConfig, Endpoint};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::authority::{LINK_NAME, Pinned};
use super::claim::Claim;
use super::enrolled::{About, Enrolled, key};

/// For the connection and for the answer.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub enum EnrolError {
    Disk(io::Error),
    Unreachable(String),
    NotThisHub,
    /// The hub's own sentence.
    Refused(String),
    BadReply,
}

/// Enrols, and keeps the outcome under `data_dir`. Doing it again with the same claim is harmless.
///
/// # Errors
/// See [`EnrolError`]; the key that was made stays.
pub async fn enrol(claim: &Claim, name: &str, data_dir: &Path) -> Result<Enrolled, EnrolError> {
    let key = key(data_dir).map_err(EnrolError::Disk)?;
    let reply = ask(claim, name, &key).await?;
    if !Pinned::new(claim.authority).is_pinned(&reply.authority)
        || !is_for(&reply.certificate, &key)
    {
        return Err(EnrolError::BadReply);
    }
    let about = About {
        hub: claim.address.clone(),
        premises: reply.premises_name,
        authority: claim.authority,
        consent_origins: reply.consent_origins,
    };
    Enrolled::keep(data_dir, &reply.certificate, &about).map_err(EnrolError::Disk)?;
    Enrolled::load(data_dir)
        .map_err(EnrolError::Disk)?
        .ok_or(EnrolError::BadReply)
}

async fn ask(claim: &Claim, name: &str, key: &KeyPair) -> Result<EnrolReply, EnrolError> {
    let request = CertificateParams::default()
        .serialize_request(key)
        .map_err(|_| EnrolError::BadReply)?;
    let request = EnrolRequest {
        claim_code: claim.code.clone(),
        certificate_request: request.der().to_vec(),
        name: name.to_owned(),
    };
    let tls = ClientTlsConfig::new().domain_name(LINK_NAME);
    let channel = Endpoint::from_shared(format!("https://{}", claim.address))
        .and_then(|endpoint| endpoint.tls_config_with_verifier(tls, Pinned::new(claim.authority)))
        .map_err(|error| EnrolError::Unreachable(error.to_string()))?
        .connect_timeout(PATIENCE)
        .timeout(PATIENCE)
        .connect()
        .await
        .map_err(|error| why(&error))?;
    let reply = EnrolmentClient::new(channel).enrol(request).await;
    reply
        .map(tonic::Response::into_inner)
        .map_err(|status| match status.code() {
            Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::Unknown => {
                EnrolError::Unreachable(status.message().to_owned())
            }
            _ => EnrolError::Refused(status.message().to_owned()),
        })
}

/// The innermost cause is the one that says something.
pub(super) fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

fn why(error: &tonic::transport::Error) -> EnrolError {
    let text = innermost(error);
    if text.contains("certificate") {
        EnrolError::NotThisHub
    } else {
        EnrolError::Unreachable(text)
    }
}

fn is_for(certificate: &[u8], key: &KeyPair) -> bool {
    let parsed = X509Certificate::from_der(certificate);
    parsed
        .is_ok_and(|(_, certificate)| certificate.public_key().raw == key.subject_public_key_info())
}

impl fmt::Display for EnrolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk(error) => write!(f, "The device's key could not be kept ({error}). Check data_dir and its disk."),
            Self::Unreachable(why) => write!(
                f,
                "The hub does not answer ({why}). Check the network, the address in the claim, and that the hub runs."
            ),
            Self::NotThisHub => f.write_str(
                "Whoever answers at this address is not the hub that made the claim. Ask for a new claim; if it happens again, somebody is in between.",
            ),
            Self::Refused(sentence) => f.write_str(sentence),
            Self::BadReply => f.write_str("The hub's answer is not a certificate for this device. Update hub and device to one version."),
        }
    }
}

impl std::error::Error for EnrolError {}
