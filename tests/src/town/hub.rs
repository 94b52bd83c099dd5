//! The hub of a town: `assent-hub` as a process, its administration, its death and return on the same
//! ports. It is driven through its command line only, as an administrator would.

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::Value;

use super::process::Process;

/// A debug build with migrations on a busy machine.
const READY_WITHIN: Duration = Duration::from_secs(60);

pub struct Hub {
    process: Process,
    folder: PathBuf,
    ready: Ready,
    store_url: Option<String>,
}

/// What `--ready-json` prints.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ready {
    pub http: SocketAddr,
    pub link: SocketAddr,
    pub media: SocketAddr,
    pub console: String,
    pub owner: String,
}

impl Hub {
    pub(super) async fn start(
        folder: &Path,
        binds: IpAddr,
        [http_port, media_port]: [u16; 2],
        store_url: Option<String>,
        settings: &str,
    ) -> Result<Self> {
        let file = folder.join("hub.toml");
        std::fs::write(&file, settings)?;
        let listen = Listen {
            http: SocketAddr::from(([127, 0, 0, 1], http_port)),
            link: SocketAddr::new(binds, 0),
            media: SocketAddr::new(binds, media_port),
        };
        let command = command(folder, &listen, store_url.as_deref())?;
        let mut process = Process::start("assent-hub", &command, &folder.join("hub.log"))?;
        let ready = read_ready(&mut process).await?;
        Ok(Self {
            process,
            folder: folder.to_owned(),
            ready,
            store_url,
        })
    }

    #[must_use]
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    #[must_use]
    pub fn http_address(&self) -> SocketAddr {
        self.ready.http
    }

    #[must_use]
    pub fn link_address(&self) -> SocketAddr {
        self.ready.link
    }

    #[must_use]
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// The last lines of its log.
    #[must_use]
    pub fn tail(&self) -> String {
        self.process.tail()
    }

    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again where it listened before.
    ///
    /// # Errors
    /// When it does not become ready.
    pub async fn start_again(&mut self) -> Result<()> {
        self.process.kill();
        let listen = Listen {
            http: self.ready.http,
            link: self.ready.link,
            media: self.ready.media,
        };
        let command = command(&self.folder, &listen, self.store_url.as_deref())?;
        self.process = Process::start("assent-hub", &command, &self.folder.join("hub.log"))?;
        self.ready = read_ready(&mut self.process).await?;
        Ok(())
    }

    /// Tries to start a second hub on the same ports.
    ///
    /// # Errors
    /// With what the second hub said; that it starts is the surprise.
    pub async fn start_beside(&self) -> Result<()> {
        let folder = self.folder.join("beside");
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("hub.toml"), "")?;
        let listen = Listen {
            http: self.ready.http,
            link: self.ready.link,
            media: self.ready.media,
        };
        let command = command(&folder, &listen, None)?;
        let mut beside = Process::start("a second hub", &command, &folder.join("hub.log"))?;
        read_ready(&mut beside).await.map(drop)
    }

    /// `assent-hub admin …`, and its answer.
    ///
    /// # Errors
    /// With the hub's own sentence when it refuses.
    pub async fn admin(&self, arguments: &[&str]) -> Result<Value> {
        let output = tokio::process::Command::new(programme()?)
            .args(["admin", "--data-dir"])
            .arg(data_dir(&self.folder))
            .args(arguments)
            .output()
            .await?;
        let answer: Value = serde_json::from_slice(&output.stdout).with_context(|| {
            format!(
                "assent-hub admin {} said no JSON: {}{}",
                arguments.join(" "),
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            )
        })?;
        if !output.status.success() {
            bail!("assent-hub admin {}: {answer}", arguments.join(" "));
        }
        Ok(answer)
    }

    /// A claim for a new device at these premises.
    ///
    /// # Errors
    /// When the hub does not know them.
    pub async fn claim(&self, premises: &str) -> Result<String> {
        let answer = self.admin(&["claim", premises]).await?;
        Ok(answer["claim"]
            .as_str()
            .context("a claim is a text")?
            .to_owned())
    }

    /// A one-time link that signs a person in.
    ///
    /// # Errors
    /// When the hub does not know the person.
    pub async fn sign_in_link(&self, person: &str) -> Result<String> {
        let answer = self.admin(&["link", person]).await?;
        Ok(answer["url"]
            .as_str()
            .context("a link has an address")?
            .to_owned())
    }
}

fn programme() -> Result<PathBuf> {
    let path = super::programmes()?.join("assent-hub");
    anyhow::ensure!(
        path.exists(),
        "{} is not built: cargo build -p assent-hub",
        path.display()
    );
    Ok(path)
}

fn data_dir(folder: &Path) -> PathBuf {
    folder.join("hub")
}

/// Where a hub listens; port 0 takes a free one.
struct Listen {
    http: SocketAddr,
    link: SocketAddr,
    media: SocketAddr,
}

/// Sets only what a test machine must: addresses, folder, store. The rest is the hub's own default.
fn command(folder: &Path, listen: &Listen, store_url: Option<&str>) -> Result<Vec<OsString>> {
    let mut command: Vec<OsString> = vec![programme()?.into(), "--ready-json".into()];
    let mut flag = |name: &str, value: OsString| command.extend([name.into(), value]);
    flag("--config", folder.join("hub.toml").into());
    flag("--data-dir", data_dir(folder).into());
    flag("--http-listen", listen.http.to_string().into());
    flag("--link-listen", listen.link.to_string().into());
    flag("--link-names", listen.link.ip().to_string().into());
    flag("--media-listen", listen.media.to_string().into());
    if let Some(pages) = built_pages() {
        flag("--web-dir", pages.into());
    }
    if let Some(url) = store_url {
        flag("--store-url", url.into());
    }
    if let Some(level) = std::env::var_os("ASSENT_TEST_LOG") {
        flag("--log", level);
    }
    Ok(command)
}

/// `deploy/setup` builds them; without them the hub still serves its API.
fn built_pages() -> Option<PathBuf> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = tests.parent()?.join("web/dist");
    pages.is_dir().then_some(pages)
}

async fn read_ready(process: &mut Process) -> Result<Ready> {
    let line = process.said(READY_WITHIN).await?;
    serde_json::from_str(&line).with_context(|| format!("the hub's ready line: {line}"))
}
