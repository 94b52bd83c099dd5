//! Something on a camera's port that is not a camera: answers every request with bytes that no RTSP
//! client can make sense of. For the promise that a device survives and names it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, Result};

const ANSWER: &[u8] = b"\x00\xff$\x07\x7f\xfeRTSP/9.9 banana\r\nCSeq: -1\r\nContent-Length: 99999999999\r\n\r\n\x80\x00";
const LOOK_AGAIN: Duration = Duration::from_millis(20);

pub(super) struct Garbage {
    stop: Arc<AtomicBool>,
    answering: Option<JoinHandle<()>>,
}

impl Garbage {
    pub(super) fn listen(address: SocketAddr) -> Result<Self> {
        let listener = super::when_free(|| TcpListener::bind(address))
            .with_context(|| format!("listening with garbage on {address}"))?;
        listener.set_nonblocking(true)?;
        let stop = Arc::new(AtomicBool::new(false));
        let answering = std::thread::Builder::new()
            .name("camera-garbage".to_owned())
            .spawn({
                let stop = Arc::clone(&stop);
                move || {
                    while !stop.load(Ordering::Relaxed) {
                        match listener.accept() {
                            Ok((client, _)) => answer(client),
                            Err(_) => std::thread::sleep(LOOK_AGAIN),
                        }
                    }
                }
            })?;
        Ok(Self {
            stop,
            answering: Some(answering),
        })
    }
}

impl Drop for Garbage {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // The port must be free again when this returns.
        if let Some(answering) = self.answering.take() {
            let _ = answering.join();
        }
    }
}

/// A client that hangs up early is the expected case.
fn answer(mut client: TcpStream) {
    let mut request = [0u8; 2048];
    let _ = client.set_nonblocking(false);
    let _ = client.set_read_timeout(Some(Duration::from_millis(500)));
    let _ = client.read(&mut request);
    let _ = client.write_all(ANSWER);
}
