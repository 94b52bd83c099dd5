//! Administration: commands that somebody with a shell on the hub's machine gives to the running hub
//! through a Unix socket in its data directory. The socket's file mode is the permission. One JSON line
//! in, one JSON line out; there is no other way in and no direct writing to the store.

mod client;
mod commands;
mod town;

pub use client::ask;
pub use commands::Command;
pub use town::Town;

use crate::error::{Error, Result};
use crate::run::Bound;
use crate::state::Hub;
use serde_json::{Value, json};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// A town's people and premises, with room.
const LONGEST_LINE: u64 = 4 << 20;
/// Importing a large town writes thousands of rows.
const COMMAND_WITHIN: Duration = Duration::from_secs(120);

pub fn socket_path(data_dir: &Path) -> PathBuf {
    data_dir.join("admin.sock")
}

/// Binds the socket; another hub on the same data directory is found out here.
pub fn listen(data_dir: &Path) -> Result<UnixListener> {
    let path = socket_path(data_dir);
    if std::os::unix::net::UnixStream::connect(&path).is_ok() {
        return Err(Error::conflict(format!(
            "Another hub runs on {}. Stop it, or use another data_dir.",
            data_dir.display()
        ))
        .slug("already-running"));
    }
    let refuse = |e: io::Error| {
        Error::unavailable(format!(
            "The socket {} cannot be made (its path may have at most 107 bytes).",
            path.display()
        ))
        .because(e)
    };
    match std::fs::remove_file(&path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(refuse(e)),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(&path).map_err(refuse)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).map_err(refuse)?;
    Ok(listener)
}

/// One command after the other: administration is rare, and order is worth more than speed.
pub async fn serve(listener: UnixListener, hub: Hub, bound: Bound, stop: CancellationToken) {
    loop {
        let accepted = tokio::select! { () = stop.cancelled() => break, accepted = listener.accept() => accepted };
        let Ok((stream, _)) = accepted else { continue };
        match timeout(COMMAND_WITHIN, answer(stream, &hub, bound)).await {
            Ok(Ok(())) => {}
            Ok(Err(e)) => tracing::debug!(error = %e, "an administrator's connection broke"),
            Err(_) => tracing::warn!("an administrator's command took too long"),
        }
    }
    // Left behind, the file would only make the next start look twice.
    let _left = std::fs::remove_file(socket_path(&hub.config.data_dir));
}

async fn answer(stream: UnixStream, hub: &Hub, bound: Bound) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    BufReader::new(read.take(LONGEST_LINE))
        .read_line(&mut line)
        .await?;
    let answered = match serde_json::from_str::<Command>(&line) {
        Ok(command) => command.run(hub, bound).await,
        Err(e) => Err(Error::invalid(format!(
            "The command cannot be understood: {e}."
        ))),
    };
    let answer = answered.unwrap_or_else(|error| {
        tracing::warn!(%error, "an administrator's command was refused");
        problem(&error)
    });
    write.write_all(format!("{answer}\n").as_bytes()).await?;
    write.shutdown().await
}

fn problem(error: &Error) -> Value {
    json!({ "problem": error.public, "type": error.slug })
}

#[cfg(test)]
mod tests;
