//! The town's own tools do what the promises rely on: the kernel counts, the line can be cut, the
//! database comes and goes. Needs root, like every promise.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::process::Command;
use std::time::Duration;

use assent_tests::town::network::Namespace;
use assent_tests::town::plan::TownPlan;
use assent_tests::town::postgres::Postgres;
use assent_tests::town::{Town, programmes};

#[test]
fn the_kernel_counts_what_leaves_and_a_cut_line_carries_nothing() {
    let network = Namespace::make().unwrap();
    let listener = UdpSocket::bind((network.host(), 0)).unwrap();
    listener
        .set_read_timeout(Some(Duration::from_millis(500)))
        .unwrap();
    let port = listener.local_addr().unwrap().port();
    let send = || {
        let line = format!("echo hello > /dev/udp/{}/{port}", network.host());
        let inside = network.command(&["bash", "-c", &line]);
        let (programme, arguments) = inside.split_first().unwrap();
        let _ = Command::new(programme).args(arguments).status().unwrap();
        listener.recv(&mut [0; 64]).is_ok()
    };
    network.count(1, &[2]).unwrap();
    assert_eq!(network.counted().unwrap().udp.packets, 0);
    assert!(send(), "an open line carries");
    assert_eq!(network.counted().unwrap().udp.packets, 1);
    network.cut(&[port]).unwrap();
    assert!(!send(), "a cut line carries nothing");
    network.mend();
    assert!(send(), "a mended line carries again");
}

#[tokio::test]
async fn a_throw_away_database_survives_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let mut database = Postgres::start(folder.path()).await.unwrap();
    let url = database.url();
    database.kill();
    database.start_again().await.unwrap();
    assert_eq!(database.url(), url);
}

#[tokio::test(flavor = "multi_thread")]
async fn log_files_hold_no_colour_codes() {
    let mut town = Town::start(TownPlan::one_shop()).await.unwrap();
    let hub = town.hub.process().log();
    let device = town.device("shop").unwrap().process().unwrap().log();
    for log in [hub, device] {
        assert!(log.contains("INFO"), "{log}");
        assert!(!log.contains('\u{1b}'), "{log}");
    }
}

#[test]
fn a_town_on_a_taken_port_says_in_one_line_which_and_what_to_do() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for flag in ["--http-port", "--commands-port", "--media-port"] {
        let started = Command::new(programmes().unwrap().join("town"))
            .args([flag, &port])
            .env("RUST_BACKTRACE", "1")
            .output()
            .unwrap();
        let said = String::from_utf8(started.stderr).unwrap();
        assert!(!started.status.success());
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains(&port) && said.contains(flag), "{said}");
    }
}
