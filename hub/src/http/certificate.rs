//! The supplied certificate: read at start, and again when its files change, so that renewing it needs
//! no restart and ends no share.

use crate::config::Tls;
use crate::error::{Error, Result};
use axum_server::tls_rustls::RustlsConfig;
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio_util::sync::CancellationToken;

/// Certificates are renewed weeks before they end.
const LOOK_EVERY: Duration = Duration::from_secs(60);

pub(super) struct Certificate {
    files: Tls,
    config: RustlsConfig,
    changed_at: Changed,
}

/// When the two files were last written.
type Changed = [Option<SystemTime>; 2];

impl Certificate {
    pub(super) fn read(files: Tls) -> Result<Self> {
        let changed_at = changed_at(&files);
        let config = RustlsConfig::from_config(Arc::new(server_config(&files)?));
        Ok(Self {
            files,
            config,
            changed_at,
        })
    }

    pub(super) fn config(&self) -> RustlsConfig {
        self.config.clone()
    }

    /// Runs until the hub drains. Files that cannot be used leave the old certificate in place.
    pub(super) async fn keep_fresh(mut self, draining: CancellationToken) {
        loop {
            tokio::select! {
                () = draining.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => self.refresh(),
            }
        }
    }

    fn refresh(&mut self) {
        let changed_at = changed_at(&self.files);
        if changed_at == self.changed_at {
            return;
        }
        match server_config(&self.files) {
            Ok(config) => {
                self.config.reload_from_config(Arc::new(config));
                self.changed_at = changed_at;
                tracing::info!("the renewed certificate is in use");
            }
            Err(error) => {
                tracing::warn!(%error, "the certificate changed and cannot be used; the old one stays")
            }
        }
    }
}

fn changed_at(files: &Tls) -> Changed {
    [&files.cert, &files.key].map(|file| {
        std::fs::metadata(file)
            .and_then(|meta| meta.modified())
            .ok()
    })
}

fn server_config(files: &Tls) -> Result<ServerConfig> {
    let refuse = |what: &str, path: &Path, e: String| {
        Error::invalid(format!(
            "http.tls.{what} ({}) cannot be used: {e}.",
            path.display()
        ))
    };
    let chain: std::result::Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(&files.cert).and_then(Iterator::collect);
    let chain = chain.map_err(|e| refuse("cert", &files.cert, e.to_string()))?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|e| refuse("key", &files.key, e.to_string()))?;
    let built = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key);
    let mut config = built.map_err(|e| refuse("cert", &files.cert, e.to_string()))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn write(folder: &Path, name: &str) -> Tls {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let files = Tls {
            cert: folder.join("cert.pem"),
            key: folder.join("key.pem"),
        };
        std::fs::write(&files.cert, made.cert.pem()).unwrap();
        std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
        files
    }

    #[test]
    fn a_renewed_certificate_replaces_the_old_one_and_a_broken_one_does_not() {
        let _installed_before = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let mut certificate = Certificate::read(write(folder.path(), "owner.example")).unwrap();
        let first = certificate.config.get_inner();
        certificate.refresh();
        assert!(
            Arc::ptr_eq(&first, &certificate.config.get_inner()),
            "nothing changed"
        );
        certificate.changed_at = [None, None];
        std::fs::write(folder.path().join("key.pem"), "half a key").unwrap();
        certificate.refresh();
        assert!(
            Arc::ptr_eq(&first, &certificate.config.get_inner()),
            "the broken one was taken"
        );
        write(folder.path(), "owner.example");
        certificate.refresh();
        assert!(!Arc::ptr_eq(&first, &certificate.config.get_inner()));
    }
}
