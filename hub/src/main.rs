//! `assent-hub`: reads the command line, sets up logs, and runs the hub or asks the running one.

use anyhow::Context;
use assent_hub::admin::{self, Command as AdminCommand, Town};
use assent_hub::config::{Config, LogFormat, Overrides};
use clap::{Args, Parser, Subcommand};
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// The hub of a real-time crime center in which nothing streams without the camera owner's assent
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: Run,
}

#[derive(Subcommand)]
enum Command {
    /// Run the hub (what happens without a command, too)
    Run,
    /// Ask the running hub to do something
    Admin {
        #[command(subcommand)]
        command: Admin,
    },
    /// Print the description of the HTTP API
    Openapi,
}

#[derive(Args)]
struct Run {
    /// Configuration file; deploy/hub.example.toml shows every field
    #[arg(long, global = true, env = "ASSENT_CONFIG")]
    config: Option<PathBuf>,
    /// Print one JSON line on standard output when everything listens
    #[arg(long, global = true)]
    ready_json: bool,
    #[command(flatten)]
    overrides: Overrides,
}

#[derive(Subcommand)]
enum Admin {
    /// Make a town's agency, premises and people, or bring them up to date
    Import { file: PathBuf },
    /// Make a one-time sign-in link for a person (key or id)
    Link { person: String },
    /// Make a claim code with which one CORE device enrols at premises (key or id)
    Claim { premises: String },
    /// Take a person's role; every session ends at once
    RevokeRole { person: String },
    /// Take a CORE device out (id, see `devices`): refused from now on, and its shares end
    RevokeDevice { device: String },
    /// List everybody who has a role
    People,
    /// List the CORE devices: id, premises, when last seen, when revoked
    Devices,
}

fn main() -> ExitCode {
    match begin(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("assent-hub: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn begin(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        None | Some(Command::Run) => run(cli.run),
        Some(Command::Admin { command }) => ask(command, cli.run),
        Some(Command::Openapi) => {
            print!("{}", assent_hub::http::openapi_json());
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn run(args: Run) -> anyhow::Result<ExitCode> {
    let config = Config::load(args.config.as_deref(), args.overrides)?;
    log(&config)?;
    // One provider for everything that speaks TLS.
    let _installed_before = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("no runtime")?;
    runtime.block_on(assent_hub::run::run(config, |ready| {
        if args.ready_json {
            say(&serde_json::to_string(ready).unwrap_or_default());
        }
    }))?;
    Ok(ExitCode::SUCCESS)
}

fn ask(command: Admin, args: Run) -> anyhow::Result<ExitCode> {
    let config = Config::load(args.config.as_deref(), args.overrides)?;
    let command = match command {
        Admin::Import { file } => {
            let text = std::fs::read_to_string(&file)
                .with_context(|| format!("cannot read {}", file.display()))?;
            AdminCommand::Import {
                town: Town::parse(&text)?,
            }
        }
        Admin::Link { person } => AdminCommand::Link { person },
        Admin::Claim { premises } => AdminCommand::Claim { premises },
        Admin::RevokeRole { person } => AdminCommand::RevokeRole { person },
        Admin::RevokeDevice { device } => AdminCommand::RevokeDevice { device },
        Admin::People => AdminCommand::People,
        Admin::Devices => AdminCommand::Devices,
    };
    let answer = admin::ask(&config.data_dir, &command)?;
    say(&answer.to_string());
    Ok(if answer.get("problem").is_some() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn log(config: &Config) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.log.filter)
        .with_context(|| format!("log.filter {:?} cannot be understood", config.log.filter))?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // It would say so on standard error, and panic when that fails too: a full disk, a closed pipe.
        .log_internal_errors(false)
        .with_ansi(std::io::stderr().is_terminal());
    match config.log.format {
        LogFormat::Text => lines.init(),
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
    Ok(())
}

/// One line for whoever started us; if nobody reads it, the hub runs all the same.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _nobody_reads = writeln!(out, "{line}").and_then(|()| out.flush());
}
