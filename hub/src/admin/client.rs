//! The command line's side of the socket.

use super::{Command, socket_path};
use crate::error::{Error, Result};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

/// Sends one command to the hub that runs on this data directory and returns its answer.
pub fn ask(data_dir: &Path, command: &Command) -> Result<Value> {
    let path = socket_path(data_dir);
    let away = |e| {
        Error::unavailable(format!(
            "No hub answers at {}. Start one, or name its data directory with --data-dir.",
            path.display()
        ))
        .because(e)
    };
    let mut stream = UnixStream::connect(&path).map_err(away)?;
    let line = serde_json::to_string(command).map_err(Error::internal)?;
    stream
        .write_all(format!("{line}\n").as_bytes())
        .map_err(away)?;
    let mut answer = String::new();
    BufReader::new(stream)
        .read_line(&mut answer)
        .map_err(away)?;
    serde_json::from_str(&answer)
        .map_err(|e| Error::unavailable("The hub ended before it answered.").because(e))
}
