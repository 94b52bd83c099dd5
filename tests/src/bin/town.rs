//! Runs the demo town of Springfield until Ctrl-C (or until its input ends, with `--with-parent`), and
//! prints one JSON line of addresses and sign-in links when it is ready. Commands come over HTTP on
//! loopback: see `town::door`.

use std::io::Read as _;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use assent_tests::town::plan::TownPlan;
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
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        // It would say so on standard error, and panic when that fails too: a full disk, a closed pipe.
        .log_internal_errors(false)
        .init();
    let mut plan = match arguments.plan {
        Plan::Springfield => TownPlan::springfield(),
        Plan::FourCameras => TownPlan::four_cameras(),
    };
    plan.folder = arguments.folder;
    plan.isolated = arguments.isolated;
    plan.http_port = arguments.http_port;
    plan.media_port = match arguments.media_port {
        Some(port) => port,
        None if arguments.readable => usual_media_port(),
        None => 0,
    };
    if !arguments.premises.is_empty() {
        plan.keep_only(&arguments.premises);
    }
    let people: Vec<String> = plan
        .people
        .iter()
        .map(|person| person.key.clone())
        .collect();
    let town = Town::start(plan).await?;
    let door = door::Door::open(town, arguments.commands_port).await?;
    let described = door.describe(&people).await?;
    if arguments.readable {
        println!("{}", welcome(&described));
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

/// The port that the tunnel command names every time, or 0 when somebody else has it.
fn usual_media_port() -> u16 {
    let at = (Ipv4Addr::LOCALHOST, MEDIA_PORT);
    if UdpSocket::bind(at).is_ok() && TcpListener::bind(at).is_ok() {
        return MEDIA_PORT;
    }
    eprintln!("Port {MEDIA_PORT} is taken: the pictures take a free one.");
    0
}

fn welcome(town: &Value) -> String {
    let text = |path: &str| town.pointer(path).and_then(Value::as_str).unwrap_or("-");
    let port_of = |path: &str| text(path).rsplit(':').next().unwrap_or_default();
    let (port, media) = (port_of("/http"), port_of("/media"));
    format!(
        "
Springfield is up: 1 hub, 3 CORE devices, 6 cameras. Ctrl-C ends it.

  Owner     Maria Lopez, Lopez Corner Store   {maria}
  Operator  Dana Reyes, badge 417             {op417}
  Operator  Sam Okafor, badge 418             {op418}

Each link signs in once. Open the operator's first, then hold the share button on the owner's page.
The town's own square is on the wall already, under the agency's standing policy.
CORE devices' own pages (status, STOP): {locals}
From another machine:  ssh -L {port}:localhost:{port} -L {media}:localhost:{media} <this machine>   and open
the same links there: pages and pictures both come through the tunnel.

An alert that the shop agreed to in advance (a gunshot at the school asks its owner, Joan, first):
  curl --json '{{\"premises\":\"shop\",\"kind\":\"glassBreak\"}}' {commands}/alert
A sign-in link for Joan Avery (school) or Luis Lopez (shop):  curl -X POST {commands}/links/joan
More commands: tests/src/town/door.rs   Logs: {folder}",
        maria = text("/links/maria"),
        op417 = text("/links/op417"),
        op418 = text("/links/op418"),
        locals = local_pages(town),
        commands = text("/commands"),
        folder = text("/folder"),
    )
}

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
