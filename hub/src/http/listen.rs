//! The listener: HTTPS with a supplied certificate, plain HTTP on loopback only, and an end in which
//! open calls may finish.

use super::Front;
use super::certificate::Certificate;
use crate::error::{Error, Result};
use axum_server::Handle;
use socket2::SockRef;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

/// A caller that sends its request's head slower than this is not a page of ours.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// A peer that acknowledges nothing for so long is gone: without this, a console whose cable was cut would
/// count as on duty for a quarter of an hour.
const SILENT_FOR: Duration = Duration::from_secs(10);
/// How long open calls may take to finish at the end; streams were told before.
const FINISH_WITHIN: Duration = Duration::from_secs(5);

/// A bound port that is not served yet.
pub struct Listening {
    listener: TcpListener,
    tls: Option<Certificate>,
    pub address: SocketAddr,
}

/// Binds, so that a port in use is known before anything else starts.
pub fn listen(front: &Front) -> Result<Listening> {
    let config = &front.hub.config.http;
    let tls = config
        .tls
        .as_ref()
        .map(|files| Certificate::read(files.clone()))
        .transpose()?;
    let listener =
        bind(config.listen).map_err(|e| cannot_listen("http.listen", config.listen, &e))?;
    let address = listener.local_addr().map_err(Error::internal)?;
    Ok(Listening {
        listener,
        tls,
        address,
    })
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    // Connections inherit both from the listener.
    let socket = SockRef::from(&listener);
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_user_timeout(Some(SILENT_FOR))?;
    Ok(listener)
}

/// A port in use is the commonest reason why a hub does not start.
pub fn cannot_listen(field: &str, address: SocketAddr, e: &io::Error) -> Error {
    let why = match e.kind() {
        io::ErrorKind::AddrInUse => {
            "another programme (perhaps another hub) uses it. Stop that one, or choose another port"
                .to_owned()
        }
        io::ErrorKind::PermissionDenied => {
            "the hub may not open this port. Choose one above 1023, or grant CAP_NET_BIND_SERVICE"
                .to_owned()
        }
        io::ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
        _ => e.to_string(),
    };
    Error::unavailable(format!(
        "The hub cannot listen on {field} = {address}: {why}."
    ))
    .slug("cannot-listen")
}

impl Listening {
    /// Serves until `front.draining`, then lets open calls finish.
    pub async fn serve(self, front: Front) -> io::Result<()> {
        let handle = Handle::new();
        let (draining, closing) = (front.draining.clone(), handle.clone());
        front.tasks.spawn(async move {
            draining.cancelled().await;
            closing.graceful_shutdown(Some(FINISH_WITHIN));
        });
        let app = front
            .app()
            .into_make_service_with_connect_info::<SocketAddr>();
        match self.tls {
            Some(tls) => {
                let (config, draining) = (tls.config(), front.draining.clone());
                front.tasks.spawn(tls.keep_fresh(draining));
                let mut server =
                    axum_server::from_tcp_rustls(self.listener, config)?.handle(handle);
                bound(server.http_builder());
                server.serve(app).await
            }
            None => {
                let mut server = axum_server::from_tcp(self.listener)?.handle(handle);
                bound(server.http_builder());
                server.serve(app).await
            }
        }
    }
}

fn bound(builder: &mut hyper_util::server::conn::auto::Builder<hyper_util::rt::TokioExecutor>) {
    builder
        .http1()
        .timer(hyper_util::rt::TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN);
    builder
        .http2()
        .timer(hyper_util::rt::TokioTimer::new())
        .keep_alive_interval(HEAD_WITHIN);
}
