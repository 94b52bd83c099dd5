//! Runs the demo town's six test cameras alone and prints their addresses as one JSON line; for trying
//! a CORE device or any other RTSP client by hand. Stops when its input ends or on Ctrl-C.

use std::net::IpAddr;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use assent_tests::cameras::{Cameras, town_cameras};
use clap::Parser;

#[derive(Parser)]
struct Arguments {
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    /// Where encoded films are kept.
    #[arg(long, default_value = "target/test-cameras")]
    cache: PathBuf,
    /// Only the cameras whose names contain this.
    #[arg(long, default_value = "")]
    only: String,
    /// Instead of running, writes a picture of each view into this folder.
    #[arg(long)]
    stills: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let mut plans = town_cameras();
    plans.retain(|plan| plan.name.contains(&arguments.only));
    if let Some(folder) = arguments.stills {
        return assent_tests::scene::write_stills(
            &folder,
            plans.iter().map(|p| (p.view, p.name.as_str())),
        );
    }
    let cameras = Cameras::start(arguments.host, &arguments.cache, &plans)?;
    let lines: Vec<_> = cameras
        .all()
        .iter()
        .map(|camera| {
            serde_json::json!({
                "name": camera.plan.name, "video": camera.plan.video, "main": camera.main_url(),
                "sub": camera.sub_url(), "username": camera.plan.username,
                "password": camera.plan.password,
            })
        })
        .collect();
    println!("{}", serde_json::Value::from(lines));
    tokio::signal::ctrl_c().await.context("waiting for Ctrl-C")
}
