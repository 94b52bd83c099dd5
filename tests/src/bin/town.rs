//! Runs the demo town of Springfield until Ctrl-C (or until its input ends, with `--with-parent`), and
//! prints one JSON line of addresses and sign-in links when it is ready. Commands come over HTTP on
//! loopback: see `town::door`.

use std::io::Read as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use assent_tests::town::plan::TownPlan;
use assent_tests::town::{Town, door};
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

#[derive(Parser)]
struct Arguments {
    /// Keep the town in this folder and find it there next time.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Stop when standard input ends, so that a killed test takes the town with it.
    #[arg(long)]
    with_parent: bool,
    /// Only these premises: shop, school, square.
    #[arg(long, value_delimiter = ',')]
    premises: Vec<String>,
    /// Each device in a network namespace of its own (needs root).
    #[arg(long)]
    isolated: bool,
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
        .init();
    let mut plan = TownPlan::springfield();
    plan.folder = arguments.folder;
    plan.isolated = arguments.isolated;
    plan.http_port = arguments.http_port;
    if !arguments.premises.is_empty() {
        plan.premises
            .retain(|premises| arguments.premises.contains(&premises.key));
    }
    let people: Vec<String> = plan
        .people
        .iter()
        .map(|person| person.key.clone())
        .collect();
    let town = Town::start(plan).await?;
    let door = door::Door::open(town, arguments.commands_port).await?;
    println!("{}", door.describe(&people).await?);
    let mut asked_to_leave = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed.context("waiting for Ctrl-C")?,
        _ = asked_to_leave.recv() => {}
        () = parent_gone(), if arguments.with_parent => {}
    }
    door.close().await;
    Ok(())
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
