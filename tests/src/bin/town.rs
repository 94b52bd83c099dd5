//! Runs the demo town of Springfield until Ctrl-C (or until its input ends, with `--with-parent`), and
//! prints one JSON line of addresses and sign-in links when it is ready. Commands come over HTTP on
//! loopback: see `town::door`.

use std::io::{IsTerminal as _, Read as _};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use assent_tests::town::plan::{PersonPlan, TownPlan};
use assent_tests::town::{Town, door};
use clap::{Parser, ValueEnum};
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};

const MEDIA_PORT: u16 = 7401;

#[derive(Clone, Copy, ValueEnum)]
enum Plan {
    Springfield,
    FourCameras,
}

#[derive(Parser)]
struct Arguments {
    /// Which town.
    #[arg(long, value_enum, default_value = "springfield")]
    plan: Plan,
    /// Keep the town in this folder and find it there next time.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Stop when standard input ends, so that a killed test takes the town with it.
    #[arg(long)]
    with_parent: bool,
    /// Print lines for a person instead of JSON.
    #[arg(long)]
    readable: bool,
    /// Only these premises: shop, school, square.
    #[arg(long, value_delimiter = ',')]
    premises: Vec<String>,
    /// Each device in a network namespace of its own (needs root).
    #[arg(long)]
    isolated: bool,
    /// Port of the pictures. Default: with --readable 7401 while it is free, else a free one.
    #[arg(long)]
    media_port: Option<u16>,
    /// Ports of the hub's pages and of the town's commands; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    http_port: u16,
    #[arg(long, default_value_t = 0)]
    commands_port: u16,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        // In words for whoever started it; where in this programme it went wrong is nothing to them.
        Err(error) => {
            eprintln!("town: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<()> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        // It would say so on standard error, and panic when that fails too: a full disk, a closed pipe.
        .log_internal_errors(false)
        .init();
    arguments.check_ports()?;
    let plan = arguments.plan()?;
    let cast = Cast::of(&plan);
    let people: Vec<String> = plan
        .people
        .iter()
        .map(|person| person.key.clone())
        .collect();
    let town = Town::start(plan).await?;
    let door = door::Door::open(town, arguments.commands_port).await?;
    let described = door.describe(&people).await?;
    if arguments.readable {
        println!("{}", cast.welcome(&described));
    } else {
        println!("{described}");
    }
    let mut asked_to_leave = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed.context("waiting for Ctrl-C")?,
        _ = asked_to_leave.recv() => {}
        () = parent_gone(), if arguments.with_parent => {}
    }
    door.close().await;
    Ok(())
}

impl Arguments {
    /// Before anything is started: a taken port is the usual reason why a town does not come up.
    fn check_ports(&self) -> Result<()> {
        let wanted = [
            ("--http-port", Some(self.http_port)),
            ("--commands-port", Some(self.commands_port)),
            ("--media-port", self.media_port),
        ];
        for (flag, port) in wanted {
            let port = port.unwrap_or(0);
            ensure!(
                is_free(port),
                "port {port} is in use: end the programme that has it (ss -lnp | grep :{port} names it), or choose another with {flag}"
            );
        }
        Ok(())
    }

    fn plan(&self) -> Result<TownPlan> {
        let mut plan = match self.plan {
            Plan::Springfield => TownPlan::springfield(),
            Plan::FourCameras => TownPlan::four_cameras(),
        };
        plan.folder.clone_from(&self.folder);
        plan.isolated = self.isolated;
        plan.http_port = self.http_port;
        plan.media_port = match self.media_port {
            Some(port) => port,
            None if self.readable => usual_media_port(),
            None => 0,
        };
        if !self.premises.is_empty() {
            let premises: Vec<&str> = self.premises.iter().map(String::as_str).collect();
            plan.keep_only(&premises)?;
        }
        Ok(plan)
    }
}

/// Pictures come over UDP and TCP.
fn is_free(port: u16) -> bool {
    let at = (Ipv4Addr::LOCALHOST, port);
    UdpSocket::bind(at).is_ok() && TcpListener::bind(at).is_ok()
}

/// The port that the tunnel command names every time, or 0 when somebody else has it.
fn usual_media_port() -> u16 {
    if is_free(MEDIA_PORT) {
        return MEDIA_PORT;
    }
    eprintln!("Port {MEDIA_PORT} is taken: the pictures take a free one.");
    0
}

/// Whom the welcome names: who plays in this town, as it was planned.
struct Cast {
    devices: usize,
    cameras: usize,
    /// Key of each person, and how the person is introduced: owners first, then operators.
    owners: Vec<(String, String)>,
    operators: Vec<(String, String)>,
    has_shop: bool,
    has_school: bool,
    has_square: bool,
}

impl Cast {
    fn of(plan: &TownPlan) -> Self {
        let name_of = |key: &String| {
            let known = plan.premises.iter().find(|premises| premises.key == *key);
            known.map_or_else(String::new, |premises| premises.name.clone())
        };
        let introduced = |person: &PersonPlan| {
            let what = match &person.badge {
                Some(badge) => format!("badge {badge}"),
                None => person
                    .premises
                    .iter()
                    .map(name_of)
                    .collect::<Vec<_>>()
                    .join(" and "),
            };
            (person.key.clone(), format!("{}, {what}", person.name))
        };
        let (operators, owners): (Vec<_>, Vec<_>) = plan
            .people
            .iter()
            .partition(|person| person.badge.is_some());
        let has = |key: &str| plan.premises.iter().any(|premises| premises.key == key);
        Self {
            devices: plan.premises.len(),
            cameras: plan
                .premises
                .iter()
                .map(|premises| premises.cameras.len())
                .sum(),
            owners: owners.into_iter().map(introduced).collect(),
            operators: operators.into_iter().map(introduced).collect(),
            has_shop: has("shop"),
            has_school: has("school"),
            has_square: has("square"),
        }
    }

    fn welcome(&self, town: &Value) -> String {
        let text = |path: &str| town.pointer(path).and_then(Value::as_str).unwrap_or("-");
        let port_of = |path: &str| text(path).rsplit(':').next().unwrap_or_default();
        let (port, media) = (port_of("/http"), port_of("/media"));
        format!(
            "
Springfield is up: 1 hub, CORE devices: {devices}, cameras: {cameras}. Ctrl-C ends it.

{links}
Each link signs in once. Open the operator's first, then hold the share button on the owner's page.{square}
CORE devices' own pages (status, STOP): {locals}
From another machine:  ssh -L {port}:localhost:{port} -L {media}:localhost:{media} <this machine>   and open
the same links there: pages and pictures both come through the tunnel.
{more}
More commands: tests/src/town/door.rs   Logs: {folder}",
            devices = self.devices,
            cameras = self.cameras,
            links = self.links(town),
            square = if self.has_square { SQUARE } else { "" },
            locals = local_pages(town),
            more = self.more(text("/commands")),
            folder = text("/folder"),
        )
    }

    /// One owner and all operators; the other owners' links are made on demand.
    fn links(&self, town: &Value) -> String {
        let line = |role: &str, (key, who): &(String, String)| {
            let link = town["links"][key].as_str().unwrap_or("-");
            format!("  {role:<9} {who:<36} {link}\n")
        };
        let owners = self.owners.iter().take(1).map(|owner| line("Owner", owner));
        let operators = self.operators.iter().map(|person| line("Operator", person));
        owners.chain(operators).collect()
    }

    fn more(&self, commands: &str) -> String {
        let mut lines = String::new();
        if self.has_shop {
            let school = if self.has_school { SCHOOL } else { "" };
            lines += &format!(
                "\nAn alert that the shop agreed to in advance{school}:\n  \
                 curl --json '{{\"premises\":\"shop\",\"kind\":\"glassBreak\"}}' {commands}/alert"
            );
        }
        for (key, who) in self.owners.iter().skip(1) {
            lines += &format!("\nA sign-in link for {who}:  curl -X POST {commands}/links/{key}");
        }
        lines
    }
}

const SCHOOL: &str = " (a gunshot at the school asks its owner first)";
const SQUARE: &str =
    "\nThe town's own square is on the wall already, under the agency's standing policy.";

fn local_pages(town: &Value) -> String {
    let devices = town["devices"].as_array().into_iter().flatten();
    let pages = devices.filter_map(|device| device["localPage"].as_str());
    pages.collect::<Vec<_>>().join("  ")
}

/// A thread of its own, because a blocked read would hold up the runtime's end.
async fn parent_gone() {
    let (tell, told) = tokio::sync::oneshot::channel::<()>();
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        while input.read(&mut [0; 64]).is_ok_and(|read| read > 0) {}
        drop(tell);
    });
    let _ = told.await;
}
