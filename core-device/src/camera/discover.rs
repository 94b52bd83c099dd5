//! Finds cameras on the LAN by ONVIF WS-Discovery and asks them for their streams, so that an
//! installer need not know an address by heart. It writes nothing: cameras are used only when they
//! stand in the configuration.

use std::fmt::Write;
use std::net::IpAddr;
use std::time::Duration;

use oxvif::discovery::{self, DiscoveredDevice};
use oxvif::soap::SoapError;
use oxvif::transport::TransportError;
use oxvif::{OnvifError, OnvifSession};
use tokio::time::timeout;
use url::Url;

use crate::config::Secret;

/// Datagrams get lost: three rounds find what one misses, in about six seconds.
const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_millis(1_500);
const BETWEEN_ROUNDS: Duration = Duration::from_millis(500);
/// For all questions to one camera together.
const ANSWERS_WITHIN: Duration = Duration::from_secs(8);
/// A network with more answers than this has something answering that is not a camera.
const MOST_DEVICES: usize = 256;
/// Main, sub and a few more; some cameras list dozens.
const MOST_STREAMS: usize = 8;

/// A camera that answered.
pub struct Found {
    pub name: String,
    pub model: String,
    /// Its ONVIF address.
    pub address: String,
    /// Its streams, or why they are not known.
    pub streams: Result<Vec<FoundStream>, String>,
}

pub struct FoundStream {
    pub profile: String,
    pub url: String,
}

/// Looks on every network of this device, or only at `at`.
pub async fn discover(at: Option<IpAddr>, credentials: Option<(String, Secret)>) -> Vec<Found> {
    let devices = match at {
        Some(ip) => discovery::probe_unicast(ip, ROUND * 2).await,
        None => discovery::probe_rounds(ROUNDS, ROUND, BETWEEN_ROUNDS).await,
    };
    let asked = devices
        .iter()
        .take(MOST_DEVICES)
        .map(|device| look_at(device, credentials.as_ref()));
    futures::future::join_all(asked).await
}

async fn look_at(device: &DiscoveredDevice, credentials: Option<&(String, Secret)>) -> Found {
    let address = device
        .xaddrs
        .iter()
        .find(|address| is_web(address))
        .cloned()
        .unwrap_or_default();
    let streams = if address.is_empty() {
        Err("it gave no address to ask at".to_owned())
    } else {
        match timeout(ANSWERS_WITHIN, streams(&address, credentials)).await {
            Ok(Ok(streams)) => Ok(streams),
            Ok(Err(error)) if wants_password(&error) => Err(
                "it wants a username and password: add --username and --password-file".to_owned(),
            ),
            Ok(Err(_)) => Err("it does not answer ONVIF questions".to_owned()),
            Err(_) => Err("it took too long to answer".to_owned()),
        }
    };
    Found {
        name: scope(device, "/name/"),
        model: scope(device, "/hardware/"),
        address,
        streams,
    }
}

/// ONVIF cameras say so by a fault of SOAP or by HTTP's status.
fn wants_password(error: &OnvifError) -> bool {
    match error {
        OnvifError::Soap(SoapError::Fault { .. }) => true,
        OnvifError::Transport(TransportError::HttpStatus { status, .. }) => {
            matches!(status, 400 | 401 | 403)
        }
        OnvifError::Soap(_) | OnvifError::Transport(_) | OnvifError::InvalidArgument(_) => false,
    }
}

fn is_web(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

async fn streams(
    address: &str,
    credentials: Option<&(String, Secret)>,
) -> Result<Vec<FoundStream>, OnvifError> {
    let mut session = OnvifSession::builder(address).with_clock_sync();
    if let Some((username, password)) = credentials {
        session = session.with_credentials(username, password.expose());
    }
    let session = session.build().await?;
    let mut streams = Vec::new();
    for profile in session.get_profiles().await?.iter().take(MOST_STREAMS) {
        let uri = session.get_stream_uri(&profile.token).await?;
        streams.push(FoundStream {
            profile: plain(&profile.name),
            url: plain(&uri.uri),
        });
    }
    Ok(streams)
}

/// The value of a scope such as `onvif://www.onvif.org/name/Front%20door`.
fn scope(device: &DiscoveredDevice, kind: &str) -> String {
    let value = device
        .scopes
        .iter()
        .find_map(|scope| scope.split_once(kind))
        .map(|(_, value)| value);
    plain(&value.unwrap_or("camera").replace("%20", " "))
}

/// Names and addresses come from the network: no control characters reach the terminal.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// What the installer reads.
pub fn in_words(found: &[Found]) -> String {
    if found.is_empty() {
        return "No camera answered. Are they switched on and in this network? Some answer only when \
                ONVIF is enabled in their settings; `discover --at <address>` asks one directly.\n"
            .to_owned();
    }
    let mut text = String::new();
    for camera in found {
        let _ = writeln!(
            text,
            "{} ({}) at {}",
            camera.name, camera.model, camera.address
        );
        match &camera.streams {
            Ok(streams) => {
                for stream in streams {
                    let _ = writeln!(text, "    {}: {}", stream.profile, stream.url);
                }
            }
            Err(why) => {
                let _ = writeln!(text, "    streams unknown: {why}");
            }
        }
    }
    text.push_str(
        "Try a stream with `assent-core probe <address>`, then put it into a [[camera]] table.\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_the_network_are_made_plain() {
        let device = DiscoveredDevice {
            endpoint: String::new(),
            types: vec![],
            scopes: vec!["onvif://www.onvif.org/name/Front%20door\u{1b}[2J".into()],
            xaddrs: vec!["file:///etc/passwd".into()],
        };
        assert_eq!(scope(&device, "/name/"), "Front door[2J");
        assert!(!is_web(&device.xaddrs[0]));
    }
}
