//! One throw-away PostgreSQL a test process, one fresh database a test. It dies with the process.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const UP_WITHIN: Duration = Duration::from_secs(30);

struct Server {
    port: u16,
}

static SERVER: OnceLock<Server> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// The URL of an empty database.
pub(super) async fn fresh_database() -> String {
    let server = tokio::task::spawn_blocking(|| SERVER.get_or_init(start))
        .await
        .unwrap();
    let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    let base = format!("postgres://assent@127.0.0.1:{}", server.port);
    let create = format!("CREATE DATABASE {name}");
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(&format!("{base}/postgres"))
        .await
        .unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(create))
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    format!("{base}/{name}")
}

const FOLDER: &str = "assent-hub-postgres-";

/// A process cannot clean up after its own end, so each cleans up after those before it.
fn sweep() {
    for entry in std::fs::read_dir(std::env::temp_dir()).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(process) = name.strip_prefix(FOLDER) else {
            continue;
        };
        if !Path::new("/proc").join(process).exists() {
            // Another process may be sweeping as well.
            let _swept = std::fs::remove_dir_all(entry.path());
        }
    }
}

fn start() -> Server {
    sweep();
    let folder = std::env::temp_dir().join(format!("{FOLDER}{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let data = folder.join("data");
    if rustix::process::geteuid().is_root() {
        assert!(
            Command::new("chown")
                .arg("postgres")
                .arg(&folder)
                .status()
                .unwrap()
                .success()
        );
    }
    let made = as_server("initdb")
        .args([
            "-A",
            "trust",
            "-U",
            "assent",
            "--no-sync",
            "-E",
            "UTF8",
            "-D",
        ])
        .arg(&data)
        .stdout(Stdio::null())
        .status();
    assert!(made.unwrap().success(), "initdb failed");
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    run(&folder, &data, port);
    let until = Instant::now() + UP_WITHIN;
    // Answering, not merely listening: it refuses callers while it starts up.
    while !as_server("pg_isready")
        .args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()])
        .status()
        .unwrap()
        .success()
    {
        assert!(
            Instant::now() < until,
            "PostgreSQL did not start; see {}",
            folder.display()
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    Server { port }
}

/// Started from a thread that lives as long as the process, because the wish to die with the parent is
/// one of the parent's thread.
fn run(folder: &Path, data: &Path, port: u16) {
    let (folder, data) = (folder.to_owned(), data.to_owned());
    std::thread::spawn(move || {
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let mut command = as_server("postgres");
        command.arg("-D").arg(&data).arg("-k").arg(&folder);
        command.args([
            "-h",
            "127.0.0.1",
            "-p",
            &port.to_string(),
            "-c",
            "max_connections=200",
            "-c",
            "shared_buffers=32MB",
        ]);
        let mut child = command
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        child.wait().unwrap();
    });
}

/// A programme of the newest installed server, as a user that it accepts: it refuses root.
fn as_server(programme: &str) -> Command {
    let installed = std::fs::read_dir("/usr/lib/postgresql")
        .expect("PostgreSQL is not installed: apt-get install postgresql");
    let mut found: Vec<PathBuf> = installed
        .map(|entry| entry.unwrap().path().join("bin").join(programme))
        .filter(|path| path.exists())
        .collect();
    found.sort();
    let path = found
        .pop()
        .expect("PostgreSQL is not installed: apt-get install postgresql");
    let mut command = Command::new("setpriv");
    if rustix::process::geteuid().is_root() {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    }
    command.args(["--pdeathsig", "KILL", "--"]).arg(path);
    command
}
