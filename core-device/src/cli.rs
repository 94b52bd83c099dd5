//! The commands. `run` is the device; `press`, `stop`, `pair`, `confirm`, `reset` and `status` speak to the
//! running one over its local page; `enrol`, `discover` and `probe` are for whoever installs it.

use std::net::IpAddr;
use std::path::PathBuf;

use anyhow::{Context, bail};
use assent_core::camera::{discover, probe};
use assent_core::config::{CameraConfig, Config, Overrides, Secret};
use assent_core::link::{Claim, enrol};
use assent_core::pairing::Invitation;
use assent_core::{device, local};
use clap::{Args, Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::logs;

/// The CORE device of Assent: reads the cameras of one premises and shares them only on the owner's word.
#[derive(Parser)]
#[command(name = "assent-core", version)]
pub(crate) struct Cli {
    /// Configuration file
    #[arg(long, env = "ASSENT_CORE_CONFIG", global = true)]
    config: Option<PathBuf>,
    #[command(flatten)]
    overrides: Overrides,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the device
    Run,
    /// Join a hub with the claim that its agency gave you
    Enrol {
        /// <code>@<host>:<port>#<hash>; a code may begin with a hyphen
        #[arg(allow_hyphen_values = true)]
        claim: String,
        /// What the device is called at the hub
        #[arg(long, default_value = "CORE device")]
        name: String,
    },
    /// List the cameras of this network
    Discover {
        /// Ask only the camera at this address
        #[arg(long)]
        at: Option<IpAddr>,
        #[command(flatten)]
        credentials: Credentials,
    },
    /// Say what a camera's stream offers, or why it does not work
    Probe {
        /// rtsp://… ; or the number of a camera in the configuration
        stream: String,
        #[command(flatten)]
        credentials: Credentials,
    },
    /// Press the button of the running device
    Press {
        #[arg(long, default_value = "panic")]
        level: Level,
        #[arg(long)]
        silent: bool,
        #[arg(long)]
        drill: bool,
    },
    /// Stop all sharing of the running device
    Stop,
    /// Show the code that pairs the owner's phone with the running device
    Pair,
    /// Say yes, as somebody at the device, to the pairing or the ceiling that waits
    Confirm,
    /// Let the running device belong to nobody again
    Reset {
        /// Void everything that the owner signed; every later owner sees that it happened
        #[arg(long, required = true)]
        factory: bool,
    },
    /// Print how the running device is, as JSON
    Status,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Level {
    StaffAlert,
    Panic,
}

#[derive(Args)]
struct Credentials {
    /// The camera's user
    #[arg(long)]
    username: Option<String>,
    /// File with the camera's password; a password on the command line would be seen by others
    #[arg(long)]
    password_file: Option<PathBuf>,
}

impl Credentials {
    fn read(self) -> anyhow::Result<Option<(String, Secret)>> {
        let Some(username) = self.username else {
            return Ok(None);
        };
        let password = match self.password_file {
            Some(file) => std::fs::read_to_string(&file)
                .with_context(|| format!("{} cannot be read", file.display()))?,
            None => String::new(),
        };
        Ok(Some((
            username,
            Secret::new(password.trim_end_matches(['\r', '\n']).to_owned()),
        )))
    }
}

impl Cli {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let config = Config::load(self.config.as_deref(), self.overrides)?;
        logs::start(config.logs);
        // Nothing else in the programme chooses one, so this cannot fail.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        match self.command {
            Command::Run => run_device(config).await,
            Command::Enrol { claim, name } => join(&config, &claim, &name).await,
            Command::Discover { at, credentials } => {
                let found = discover::discover(at, credentials.read()?).await;
                print!("{}", discover::in_words(&found));
                Ok(())
            }
            Command::Probe {
                stream,
                credentials,
            } => look_at(config, &stream, credentials).await,
            Command::Press {
                level,
                silent,
                drill,
            } => {
                let level = match level {
                    Level::StaffAlert => "staffAlert",
                    Level::Panic => "panic",
                };
                let press = serde_json::json!({ "level": level, "silent": silent, "drill": drill });
                ask(&config, "POST", "/press", &press.to_string()).await
            }
            Command::Stop => ask(&config, "POST", "/stop", "").await,
            Command::Pair => pair(&config).await,
            Command::Confirm => ask(&config, "POST", "/confirm", "").await,
            Command::Reset { factory: _ } => ask(&config, "POST", "/reset", "").await,
            Command::Status => ask(&config, "GET", "/status", "").await,
        }
    }
}

async fn run_device(config: Config) -> anyhow::Result<()> {
    let stop = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let told = stop.clone();
    let signals = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        told.cancel();
    };
    let (_, outcome) = tokio::join!(
        async {
            tokio::select! { () = signals => {}, () = stop.cancelled() => {} }
        },
        async {
            let outcome = device::run(config, stop.clone()).await;
            stop.cancel();
            outcome
        }
    );
    Ok(outcome?)
}

async fn join(config: &Config, claim: &str, name: &str) -> anyhow::Result<()> {
    let claim = Claim::parse(claim)?;
    std::fs::create_dir_all(&config.data_dir)
        .with_context(|| format!("{} cannot be made", config.data_dir.display()))?;
    let enrolled = enrol(&claim, name, &config.data_dir).await?;
    println!(
        "Enrolled at {} for {}.",
        enrolled.hub(),
        enrolled.premises()
    );
    Ok(())
}

async fn look_at(config: Config, stream: &str, credentials: Credentials) -> anyhow::Result<()> {
    let camera = match stream.parse::<u16>() {
        Ok(number) => config
            .cameras
            .into_iter()
            .find(|camera| camera.number == number)
            .with_context(|| format!("the configuration has no camera {number}"))?,
        Err(_) => {
            let url = Url::parse(stream).context("not an rtsp:// address")?;
            CameraConfig::to_try(url, credentials.read()?)
        }
    };
    println!("Looking at {} …", camera.main.url);
    match probe::probe(&camera, config.media.encoder).await {
        Ok(report) => print!("{}", report.in_words()),
        Err(trouble) => bail!("{trouble}"),
    }
    Ok(())
}

async fn pair(config: &Config) -> anyhow::Result<()> {
    let answer = answer(config, "POST", "/pair", "").await?;
    let answer: serde_json::Value = serde_json::from_str(&answer)?;
    let url = answer["url"].as_str().context("the device gives no code")?;
    if let Some(code) = Invitation::for_terminal(url) {
        println!("{code}");
    }
    println!(
        "{url}\n\nScan it with the owner's phone, then run `assent-core confirm` within 60 s."
    );
    Ok(())
}

async fn ask(config: &Config, method: &str, path: &str, body: &str) -> anyhow::Result<()> {
    println!("{}", answer(config, method, path, body).await?);
    Ok(())
}

async fn answer(config: &Config, method: &str, path: &str, body: &str) -> anyhow::Result<String> {
    let page = config.local_listen;
    local::client::ask(page, method, path, body)
        .await
        .with_context(|| {
            format!("no answer from the device's page at http://{page}/; is it running?")
        })
}
