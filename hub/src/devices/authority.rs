//! The hub's own certificate authority for devices: made at first start, kept 0600 in the data
//! directory, used for device certificates and for the link's server certificate. Who may have a
//! certificate is decided elsewhere; this file only signs.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PublicKeyData as _, SerialNumber,
};
use rustls_pki_types::{CertificateDer, CertificateSigningRequestDer};
use sha2::{Digest as _, Sha256};
use time::{Duration, OffsetDateTime};

use super::device_of_spki;
use crate::world::DeviceId;

/// The name every link certificate is issued for, whatever address a device dials.
pub const LINK_NAME: &str = "link.assent.internal";
/// PKCS #10 of a P-256 key is about 300 bytes; more is not a request of ours.
const LONGEST_REQUEST: usize = 4096;
/// Uncompressed point: 0x04 and two coordinates of 32 bytes.
const P256_POINT: usize = 65;
/// A device without a network clock starts in the past; a certificate must not be "not yet valid" for it.
const BACKDATED: Duration = Duration::days(30);
const AUTHORITY_LIFE: Duration = Duration::days(365 * 20);
/// Revocation is by the hub's own list at every attach, so a device need not renew in the field.
const DEVICE_LIFE: Duration = Duration::days(365 * 10);
/// Made anew at every start.
const LINK_LIFE: Duration = Duration::days(365 * 2);

/// Why a certificate request was not signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestProblem {
    TooLong,
    NotARequest,
    BadSignature,
    NotP256,
    Signing,
}

pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

/// A certificate chain and its key, as PEM: what the link's server presents.
pub struct LinkIdentity {
    pub chain_pem: String,
    pub key_pem: String,
}

impl Authority {
    /// Reads the authority from `dir`, or makes it there.
    pub fn open(dir: &Path, now: OffsetDateTime) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        let key_file = dir.join("key.pem");
        let certificate_file = dir.join("certificate.der");
        if !certificate_file.exists() {
            Self::make(&key_file, &certificate_file, now)?;
        }
        let key = KeyPair::from_pem(&fs::read_to_string(&key_file)?).map_err(io::Error::other)?;
        let certificate = CertificateDer::from(fs::read(&certificate_file)?);
        let issuer = Issuer::from_ca_cert_der(&certificate, key).map_err(io::Error::other)?;
        Ok(Self {
            issuer,
            certificate,
        })
    }

    /// The certificate is written last: a crash in between leaves no half authority behind.
    fn make(key_file: &Path, certificate_file: &Path, now: OffsetDateTime) -> io::Result<()> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(io::Error::other)?;
        let mut params = named("Assent hub authority", now, AUTHORITY_LIFE);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        let certificate = params.self_signed(&key).map_err(io::Error::other)?;
        write_private(key_file, key.serialize_pem().as_bytes())?;
        write_private(certificate_file, certificate.der())
    }

    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// SHA-256 of the authority's certificate in hex: what a claim carries.
    pub fn fingerprint(&self) -> String {
        hex(&Sha256::digest(&self.certificate))
    }

    /// The authority's certificate as PEM, for the link's verifier.
    pub fn certificate_pem(&self) -> String {
        pem("CERTIFICATE", &self.certificate)
    }

    /// Signs a device's key. Names and extensions of the request are ignored: only the key counts.
    pub fn issue_device(
        &self,
        request: &[u8],
        serial: [u8; 16],
        now: OffsetDateTime,
    ) -> Result<(DeviceId, Vec<u8>), RequestProblem> {
        let key = parse_request(request)?;
        let device = device_of_spki(&key.public_key.subject_public_key_info());
        let mut params = named(&format!("device {device}"), now, DEVICE_LIFE);
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params
            .signed_by(&key.public_key, &self.issuer)
            .map_err(|_| RequestProblem::Signing)?;
        Ok((device, certificate.der().to_vec()))
    }

    /// A fresh server certificate for the link, with the authority behind it in the chain. `names` are the
    /// host names and addresses that stand in it beside the link's own.
    pub fn issue_link(&self, names: &[String], now: OffsetDateTime) -> io::Result<LinkIdentity> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(io::Error::other)?;
        let mut params = CertificateParams::new([&[LINK_NAME.to_owned()], names].concat())
            .map_err(io::Error::other)?;
        let dated = named("Assent device link", now, LINK_LIFE);
        params.distinguished_name = dated.distinguished_name;
        params.not_before = dated.not_before;
        params.not_after = dated.not_after;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let leaf = params
            .signed_by(&key, &self.issuer)
            .map_err(io::Error::other)?;
        Ok(LinkIdentity {
            chain_pem: format!("{}{}", leaf.pem(), self.certificate_pem()),
            key_pem: key.serialize_pem(),
        })
    }
}

fn parse_request(request: &[u8]) -> Result<CertificateSigningRequestParams, RequestProblem> {
    if request.len() > LONGEST_REQUEST {
        return Err(RequestProblem::TooLong);
    }
    let parsed =
        CertificateSigningRequestParams::from_der(&CertificateSigningRequestDer::from(request))
            .map_err(|e| match e {
                rcgen::Error::InvalidCertificationRequestSignature => RequestProblem::BadSignature,
                _ => RequestProblem::NotARequest,
            })?;
    let point = parsed.public_key.der_bytes();
    // The request names its signature's algorithm, not its key's; the point's form tells the curve.
    if parsed.public_key.algorithm() != &PKCS_ECDSA_P256_SHA256
        || point.len() != P256_POINT
        || point[0] != 4
    {
        return Err(RequestProblem::NotP256);
    }
    Ok(parsed)
}

fn named(name: &str, now: OffsetDateTime, life: Duration) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    params.distinguished_name = subject;
    params.not_before = now - BACKDATED;
    params.not_after = now + life;
    params
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let partial = path.with_extension("partial");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&partial)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&partial, path)?;
    let Some(dir) = path.parent() else {
        return Ok(());
    };
    fs::File::open(dir)?.sync_all()
}

fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn request() -> Vec<u8> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        CertificateParams::default()
            .serialize_request(&key)
            .unwrap()
            .der()
            .to_vec()
    }

    #[test]
    fn the_authority_survives_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let first = Authority::open(dir.path(), now).unwrap().fingerprint();
        assert_eq!(
            Authority::open(dir.path(), now).unwrap().fingerprint(),
            first
        );
    }

    #[test]
    fn a_certificate_carries_the_devices_own_key_and_no_powers() {
        let dir = tempfile::tempdir().unwrap();
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let authority = Authority::open(dir.path(), now).unwrap();
        let (device, der) = authority.issue_device(&request(), [1; 16], now).unwrap();
        let (_, parsed) = x509_parser::parse_x509_certificate(&der).unwrap();
        assert_eq!(device_of_spki(parsed.public_key().raw), device);
        assert!(!parsed.is_ca());
    }

    #[test]
    fn a_request_that_is_garbage_or_forged_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let authority = Authority::open(dir.path(), now).unwrap();
        assert_eq!(
            authority.issue_device(b"hello", [1; 16], now).unwrap_err(),
            RequestProblem::NotARequest
        );
        assert_eq!(
            authority
                .issue_device(&[0; 5000], [1; 16], now)
                .unwrap_err(),
            RequestProblem::TooLong
        );
        let mut forged = request();
        let last = forged.len() - 1;
        forged[last] ^= 1;
        assert_eq!(
            authority.issue_device(&forged, [1; 16], now).unwrap_err(),
            RequestProblem::BadSignature
        );
        let p384 = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
        let other = CertificateParams::default()
            .serialize_request(&p384)
            .unwrap();
        assert_eq!(
            authority
                .issue_device(other.der(), [1; 16], now)
                .unwrap_err(),
            RequestProblem::NotP256
        );
    }
}
