//! A child process that dies with its parent: started, watched, killed and asked to leave, by its own
//! process id only. Its output goes to a log file; what it is, its caller knows.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};

const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// What a failure shows of a log; the rest is in the file.
const TAIL_LINES: usize = 25;

pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
    first_line: Option<oneshot::Receiver<String>>,
}

impl Process {
    /// Starts `command`, adding to `log` what it writes to standard error.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(name: &str, command: &[OsString], log: &Path) -> Result<Self> {
        let mut all: Vec<OsString> = ["setpriv", "--pdeathsig", "KILL", "--"]
            .map(Into::into)
            .into();
        all.extend_from_slice(command);
        let (programme, arguments) = all.split_first().context("a command has a programme")?;
        let into = File::options().create(true).append(true).open(log)?;
        let mut child = Command::new(programme)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(into)
            .spawn()
            .with_context(|| format!("starting {name}"))?;
        let first_line = child
            .stdout
            .take()
            .map(|stdout| first_line(stdout, log))
            .transpose()?;
        Ok(Self {
            name: name.to_owned(),
            child,
            log: log.to_owned(),
            first_line,
        })
    }

    /// The first line on its standard output.
    ///
    /// # Errors
    /// When it ends or stays silent for `patience`; the message ends with its last log lines.
    pub async fn said(&mut self, patience: Duration) -> Result<String> {
        let first = self
            .first_line
            .take()
            .context("its first line was read before")?;
        match timeout(patience, first).await {
            Ok(Ok(line)) => Ok(line),
            Ok(Err(_)) => bail!("{} ended before it was ready:\n{}", self.name, self.tail()),
            Err(_) => bail!(
                "{} was not ready in {patience:?}:\n{}",
                self.name,
                self.tail()
            ),
        }
    }

    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    #[must_use]
    pub fn running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to leave and waits.
    ///
    /// # Errors
    /// When it is still there after `patience`.
    pub async fn terminate(&mut self, patience: Duration) -> Result<ExitStatus> {
        let pid = i32::try_from(self.child.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw);
        let pid = pid.context("a child has a process id")?;
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        let until = Instant::now() + patience;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            sleep(LOOK_AGAIN).await;
        }
        bail!(
            "{} did not leave within {patience:?}:\n{}",
            self.name,
            self.tail()
        )
    }

    /// Resident memory, KiB.
    ///
    /// # Errors
    /// When it has ended.
    pub fn resident_kib(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        kib.context("a running process has resident memory")
    }

    /// Processor time used so far, in hundredths of a second.
    ///
    /// # Errors
    /// When it has ended.
    pub fn processor_ticks(&self) -> Result<u64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid()))?;
        let after_name = stat
            .rsplit_once(')')
            .context("a stat line names its programme")?
            .1;
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok());
        let used = ticks(11)
            .zip(ticks(12))
            .context("a stat line has its times")?;
        Ok(used.0 + used.1)
    }

    /// The last lines of its log.
    #[must_use]
    pub fn tail(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
    }

    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Reads standard output to its end, so that the child never waits for us; the lines join the log.
fn first_line(stdout: std::process::ChildStdout, log: &Path) -> Result<oneshot::Receiver<String>> {
    let (tell, told) = oneshot::channel();
    let mut log = File::options().append(true).open(log)?;
    std::thread::Builder::new()
        .name("child-output".to_owned())
        .spawn(move || {
            let mut tell = Some(tell);
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = std::io::Write::write_all(&mut log, format!("{line}\n").as_bytes());
                if let Some(tell) = tell.take() {
                    let _ = tell.send(line);
                }
            }
        })?;
    Ok(told)
}

/// Runs a command to its end.
///
/// # Errors
/// When it fails, with what it wrote.
pub fn run(command: &[&str]) -> Result<String> {
    let (programme, arguments) = command.split_first().context("a command has a programme")?;
    let output = Command::new(programme)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("running {programme}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!(
            "{} failed ({}): {}",
            command.join(" "),
            output.status,
            said.trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
