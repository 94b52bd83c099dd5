//! What the commands `press`, `stop`, `pair` and their like say to the running device's page: one request over
//! plain HTTP on this machine, with a bound on everything.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The page answers at once; a press may wait for its receipt.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);
/// A status of 64 cameras is far smaller.
const MOST_ANSWER: u64 = 1024 * 1024;

/// The answer's JSON, or its problem in words.
pub async fn ask(page: SocketAddr, method: &str, path: &str, body: &str) -> io::Result<String> {
    let talk = talk(reachable(page), method, path, body);
    match timeout(ANSWERS_WITHIN, talk).await {
        Ok(answer) => answer,
        Err(_) => Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the device's page does not answer",
        )),
    }
}

/// A page that listens everywhere is reached on loopback.
fn reachable(page: SocketAddr) -> SocketAddr {
    let ip = match page.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, page.port())
}

async fn talk(page: SocketAddr, method: &str, path: &str, body: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(page).await?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {page}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(MOST_ANSWER).read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .ok_or(io::ErrorKind::InvalidData)?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    if status.starts_with('2') {
        Ok(body.to_owned())
    } else {
        Err(io::Error::other(body.to_owned()))
    }
}
