//! The sections of a page's event stream as they stand now, and waiting for them to say something. The
//! stream is opened again when it breaks, as a page does.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use futures::StreamExt as _;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout_at};

use super::page::Page;

const TRY_AGAIN: Duration = Duration::from_millis(200);
/// A section is a few KiB; more than this without an event is not our stream.
const LONGEST_EVENT: usize = 4 * 1024 * 1024;

pub type Now = BTreeMap<String, Value>;

pub struct Sections {
    now: watch::Receiver<Now>,
    reader: JoinHandle<()>,
}

impl Sections {
    pub(super) fn follow(page: Page) -> Self {
        let (tell, now) = watch::channel(Now::new());
        let reader = tokio::spawn(async move {
            loop {
                // A page, too, only notices and tries again.
                let _ = read(&page, &tell).await;
                sleep(TRY_AGAIN).await;
            }
        });
        Self { now, reader }
    }

    /// Waits until `says` finds what it looks for.
    ///
    /// # Errors
    /// After `patience`, with what the sections said last.
    pub async fn until<T>(
        &mut self,
        what: &str,
        patience: Duration,
        mut says: impl FnMut(&Now) -> Option<T>,
    ) -> Result<T> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(found) = says(&self.now.borrow_and_update()) {
                return Ok(found);
            }
            match timeout_at(deadline, self.now.changed()).await {
                Ok(changed) => changed.context("the reader of the stream has gone")?,
                Err(_) => {
                    let last = serde_json::to_string_pretty(&*self.now.borrow())?;
                    bail!("not within {patience:?}: {what}. The page said last: {last}");
                }
            }
        }
    }

    #[must_use]
    pub fn now(&self) -> Now {
        self.now.borrow().clone()
    }
}

impl Drop for Sections {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

async fn read(page: &Page, tell: &watch::Sender<Now>) -> Result<()> {
    let mut chunks = page.open_stream().await?.bytes_stream();
    let mut pending = String::new();
    while let Some(chunk) = chunks.next().await {
        pending.push_str(&String::from_utf8_lossy(&chunk?));
        while let Some((event, rest)) = pending.split_once("\n\n") {
            take(event, tell);
            pending = rest.to_owned();
        }
        if pending.len() > LONGEST_EVENT {
            bail!("an event longer than {LONGEST_EVENT} bytes");
        }
    }
    Ok(())
}

fn take(event: &str, tell: &watch::Sender<Now>) {
    let mut section = None;
    let mut data = String::new();
    for line in event.lines() {
        if let Some(name) = line.strip_prefix("event:") {
            section = Some(name.trim().to_owned());
        } else if let Some(part) = line.strip_prefix("data:") {
            data.push_str(part.trim_start());
        }
    }
    if let (Some(section), Ok(value)) = (section, serde_json::from_str(&data)) {
        tell.send_modify(|now| {
            now.insert(section, value);
        });
    }
}
