//! The town's own tools do what the promises rely on: the kernel counts, the line can be cut, the
//! database comes and goes. Needs root, like every promise.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::net::UdpSocket;
use std::process::Command;
use std::time::Duration;

use assent_tests::town::network::Namespace;
use assent_tests::town::postgres::Postgres;

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
