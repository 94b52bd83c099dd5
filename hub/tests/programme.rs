//! The programme `assent-hub` as whoever starts it meets it: what it prints, what it refuses, how it ends.

#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const WITHIN: Duration = Duration::from_secs(20);

fn hub(data_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assent-hub"));
    command
        .env_clear()
        .env("HOME", data_dir)
        .current_dir(data_dir);
    command.arg("--data-dir").arg(data_dir.join("data"));
    command
}

/// Free ports instead of the usual ones.
fn on_free_ports(mut command: Command) -> Command {
    for flag in ["--http-listen", "--link-listen", "--media-listen"] {
        command.args([flag, "127.0.0.1:0"]);
    }
    command
}

struct Running {
    child: Child,
    ready: Value,
}

impl Running {
    fn start(data_dir: &Path) -> Self {
        Self::start_logging_to(data_dir, Stdio::null())
    }

    fn start_logging_to(data_dir: &Path, log: Stdio) -> Self {
        let mut command = on_free_ports(hub(data_dir));
        let mut child = command
            .arg("--ready-json")
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        Self {
            child,
            ready: serde_json::from_str(&line).unwrap(),
        }
    }

    fn http(&self) -> String {
        self.ready["http"].as_str().unwrap().to_owned()
    }

    /// The answer's head and body.
    fn get(&self, host: &str, path: &str, more: &str) -> String {
        let mut stream = TcpStream::connect(self.http()).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{more}\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn terminate(mut self) -> i32 {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let until = Instant::now() + WITHIN;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(Instant::now() < until, "the hub does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Gone already is just as well.
        let _gone = self.child.kill();
        let _waited = self.child.wait();
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn it_starts_without_any_configuration_and_drains_on_sigterm() {
    let dir = tempfile::tempdir().unwrap();
    let hub = Running::start(dir.path());
    assert!(hub.get("anything", "/healthz", "").ends_with("ok"));
    assert!(hub.get("anything", "/readyz", "").ends_with("ok"));
    assert_eq!(hub.terminate(), 0);
    assert!(!dir.path().join("data/admin.sock").exists());
}

#[test]
fn a_log_on_a_full_disk_ends_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let hub = Running::start_logging_to(dir.path(), full.into());
    for _ in 0..3 {
        assert!(hub.get("anything", "/readyz", "").ends_with("ok"));
    }
    assert_eq!(hub.terminate(), 0);
}

#[test]
fn a_town_is_imported_twice_and_a_link_signs_in() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path());
    let town = dir.path().join("town.toml");
    std::fs::write(
        &town,
        "agency = { key = 'pd', name = 'Springfield PD' }\n[[premises]]\nkey = 'shop'\nkind = 'business'\nname = 'Shop'\naddress = '12 Elm Street'\n\
         [[person]]\nkey = 'maria'\nname = 'Maria'\nrole = 'owner'\npremises = ['shop']\n",
    )
    .unwrap();
    let import = || admin(dir.path(), &["import", town.to_str().unwrap()]);
    assert_eq!(import(), import());
    let link = admin(dir.path(), &["link", "maria"]);
    assert!(
        link["url"]
            .as_str()
            .unwrap()
            .starts_with(running.ready["owner"].as_str().unwrap())
    );
    let claim = admin(dir.path(), &["claim", "shop"]);
    let port = running.ready["link"]
        .as_str()
        .unwrap()
        .rsplit(':')
        .next()
        .unwrap();
    assert!(
        claim["claim"]
            .as_str()
            .unwrap()
            .contains(&format!("@localhost:{port}#")),
        "{claim}"
    );
}

fn admin(dir: &Path, arguments: &[&str]) -> Value {
    let output = hub(dir).arg("admin").args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn an_unknown_field_is_refused_by_name_before_anything_listens() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("hub.toml"),
        "[http]\nlissten = '127.0.0.1:1'\n",
    )
    .unwrap();
    let output = hub(dir.path())
        .args(["--config", "hub.toml"])
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(said(&output).contains("lissten"), "{}", said(&output));
}

#[test]
fn plain_http_beyond_loopback_is_refused_with_the_way_out() {
    let dir = tempfile::tempdir().unwrap();
    let output = hub(dir.path())
        .args(["--http-listen", "0.0.0.0:0"])
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(said(&output).contains("http.tls"), "{}", said(&output));
}

#[test]
fn a_port_in_use_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (flag, field) in [
        ("--http-listen", "http.listen"),
        ("--link-listen", "link.listen"),
    ] {
        let mut command = hub(dir.path());
        for other in ["--http-listen", "--link-listen", "--media-listen"]
            .into_iter()
            .filter(|other| *other != flag)
        {
            command.args([other, "127.0.0.1:0"]);
        }
        let output = command.args([flag, &address]).output().unwrap();
        assert!(!output.status.success());
        assert!(
            said(&output).contains(field) && said(&output).contains(&address),
            "{}",
            said(&output)
        );
    }
}

#[test]
fn administration_without_a_hub_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let output = hub(dir.path()).args(["admin", "people"]).output().unwrap();
    assert!(!output.status.success());
    assert!(
        said(&output).contains("No hub answers"),
        "{}",
        said(&output)
    );
}

#[test]
fn a_second_hub_on_the_same_data_does_not_start() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path());
    let output = on_free_ports(hub(dir.path())).output().unwrap();
    assert!(!output.status.success());
    assert!(said(&output).contains("Another hub"), "{}", said(&output));
    assert!(running.get("anything", "/healthz", "").ends_with("ok"));
}

#[test]
fn the_data_directory_and_its_keys_are_the_hubs_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let _running = Running::start(dir.path());
    let mode = |name: &str| {
        std::fs::metadata(dir.path().join("data").join(name))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(
        (
            mode(""),
            mode("token-key.pem"),
            mode("admin.sock"),
            mode("audit.spool")
        ),
        (0o700, 0o600, 0o600, 0o600)
    );
}
