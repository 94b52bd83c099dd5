//! A PostgreSQL that is thrown away: its own folder, its own port, gone with this value. It runs as
//! `postgres` when this is root, because the server refuses root.

use std::ffi::OsString;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use super::process::{Process, run};

const UP_WITHIN: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

pub struct Postgres {
    process: Process,
    port: u16,
    folder: PathBuf,
}

impl Postgres {
    /// # Errors
    /// When PostgreSQL is not installed or does not come up.
    pub async fn start(folder: &Path) -> Result<Self> {
        let folder = folder.join("postgres");
        std::fs::create_dir_all(&folder)?;
        if rustix::process::geteuid().is_root() {
            open_way(&folder)?;
            run(&["chown", "postgres", &folder.to_string_lossy()])?;
        }
        let data = folder.join("data").to_string_lossy().into_owned();
        let options = [
            "-A",
            "trust",
            "-U",
            "assent",
            "--no-sync",
            "-E",
            "UTF8",
            "-D",
        ];
        run_all(&as_server(&[&["initdb"][..], &options, &[&data]].concat())?)?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let process = launch(&folder, port)?;
        let mut made = Self {
            process,
            port,
            folder,
        };
        made.wait().await?;
        Ok(made)
    }

    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://assent@127.0.0.1:{}/postgres", self.port)
    }

    /// Kills the server as a crash would.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// # Errors
    /// When it does not come up again.
    pub async fn start_again(&mut self) -> Result<()> {
        self.process.kill();
        let _ = std::fs::remove_file(self.folder.join("data/postmaster.pid"));
        self.process = launch(&self.folder, self.port)?;
        self.wait().await
    }

    async fn wait(&mut self) -> Result<()> {
        let until = Instant::now() + UP_WITHIN;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))
            .await
            .is_err()
        {
            if Instant::now() > until || !self.process.running() {
                bail!("PostgreSQL did not start:\n{}", self.process.tail());
            }
            sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }
}

fn launch(folder: &Path, port: u16) -> Result<Process> {
    let (data, sockets) = (folder.join("data"), folder.to_string_lossy().into_owned());
    let command = as_server(&[
        "postgres",
        "-D",
        &data.to_string_lossy(),
        "-k",
        &sockets,
        "-h",
        "127.0.0.1",
        "-p",
        &port.to_string(),
        "-c",
        "max_connections=40",
        "-c",
        "shared_buffers=32MB",
    ])?;
    Process::start("postgres", &command, &folder.with_extension("log"))
}

/// The newest installed server's programme, as a user that it accepts.
fn as_server(command: &[&str]) -> Result<Vec<OsString>> {
    let (programme, arguments) = command.split_first().context("a command has a programme")?;
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .context("PostgreSQL is not installed: apt-get install postgresql")?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin").join(programme)))
        .filter(|path| path.exists())
        .collect();
    versions.sort();
    let path = versions
        .pop()
        .with_context(|| format!("{programme} is not installed"))?;
    let mut all: Vec<OsString> = Vec::new();
    if rustix::process::geteuid().is_root() {
        // The wish to die with the parent is lost with the change of user, and so is made again.
        let user = [
            "setpriv",
            "--reuid=postgres",
            "--regid=postgres",
            "--clear-groups",
            "--pdeathsig",
            "KILL",
            "--",
        ];
        all.extend(user.map(OsString::from));
    }
    all.push(path.into());
    all.extend(arguments.iter().map(OsString::from));
    Ok(all)
}

fn run_all(command: &[OsString]) -> Result<String> {
    let command: Vec<_> = command.iter().map(|part| part.to_string_lossy()).collect();
    run(&command.iter().map(AsRef::as_ref).collect::<Vec<&str>>())
}

/// Temporary folders are for their owner only; the server must be able to pass through.
fn open_way(folder: &Path) -> Result<()> {
    if let Some(parent) = folder.parent() {
        run(&["chmod", "o+x", &parent.to_string_lossy()])?;
    }
    Ok(())
}
