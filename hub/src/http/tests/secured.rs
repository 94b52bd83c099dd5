//! HTTPS with a supplied certificate.

use crate::config::{Config, Tls};
use crate::testing::TestHub;
use rustls::pki_types::ServerName;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn a_supplied_certificate_serves_https_and_says_so_to_browsers() {
    let _installed_before = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let files = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["owner.localhost".to_owned()]).unwrap();
    let (cert, key) = (files.path().join("cert.pem"), files.path().join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let mut config = Config::default();
    config.http.tls = Some(Tls { cert, key });
    config.http.listen.set_port(0);
    let hub = TestHub::with(config).await;
    let listening = crate::http::listen(&hub.front).unwrap();
    let address = listening.address;
    let serving = tokio::spawn(listening.serve(hub.front.clone()));

    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let client = rustls::ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let mut stream = connector
        .connect(ServerName::try_from("owner.localhost").unwrap(), stream)
        .await
        .unwrap();
    stream
        .write_all(
            b"GET /api/session HTTP/1.1\r\nHost: owner.localhost\r\nConnection: close\r\n\r\n",
        )
        .await
        .unwrap();
    let mut answer = Vec::new();
    // A server may close without TLS's own farewell.
    let _closed = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(
        answer.contains("strict-transport-security: max-age="),
        "{answer}"
    );

    hub.front.draining.cancel();
    tokio::time::timeout(std::time::Duration::from_secs(10), serving)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_certificate_that_cannot_be_read_is_named() {
    let mut config = Config::default();
    config.http.tls = Some(Tls {
        cert: "/nowhere/cert.pem".into(),
        key: "/nowhere/key.pem".into(),
    });
    let hub = TestHub::with(config).await;
    let error = crate::http::listen(&hub.front).err().unwrap();
    assert!(
        error.public.contains("http.tls.cert (/nowhere/cert.pem)"),
        "{error}"
    );
}
