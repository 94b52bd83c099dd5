#![expect(clippy::unwrap_used, reason = "tests")]
use assent_consent::{DeviceId, Epoch};
use assent_wire::link;

use super::*;

const STAMP: Stamp = Stamp {
    wall: WallTime(5),
    boot: BootTime(6),
    local_day: 7,
};

fn refused(n: u8) -> Body {
    Body::Refused(link::Refused {
        trigger_id: vec![n; 16],
        refusal: link::Refusal::NoRule.into(),
    })
}

fn read(dir: &Path, limits: Limits) -> (Journal, Vec<Receipt>) {
    let mut seen = Vec::new();
    let journal = Journal::open(dir, limits, |receipt| seen.push(receipt)).unwrap();
    (journal, seen)
}

#[test]
fn receipts_are_numbered_and_chained_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = read(dir.path(), Limits::default());
    let facts = journal
        .append(&STAMP, vec![refused(1), refused(2)])
        .unwrap();
    assert_eq!(
        facts.facts.iter().map(Fact::number).collect::<Vec<_>>(),
        [1, 2]
    );
    let (mut journal, seen) = read(dir.path(), Limits::default());
    assert_eq!(seen.len(), 2);
    assert_eq!(
        seen[1].previous,
        Sha256::digest(seen[0].encode_to_vec()).to_vec()
    );
    assert_eq!(journal.append(&STAMP, vec![refused(3)]).unwrap().last, 3);
}

#[test]
fn half_a_receipt_is_forgotten_and_the_next_one_stands_in_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = read(dir.path(), Limits::default());
    journal.append(&STAMP, vec![refused(1)]).unwrap();
    let end = journal.current.at;
    journal.append(&STAMP, vec![refused(2)]).unwrap();
    let file = fs::OpenOptions::new()
        .write(true)
        .open(segment(dir.path(), 1))
        .unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, &[0xff; 4], end as u64 + 20).unwrap();
    let (mut journal, seen) = read(dir.path(), Limits::default());
    assert_eq!(seen.len(), 1);
    assert_eq!(journal.append(&STAMP, vec![refused(9)]).unwrap().last, 2);
    assert_eq!(read(dir.path(), Limits::default()).1.len(), 2);
}

#[test]
fn without_room_the_oldest_receipts_make_place_for_new_ones() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits {
        segment_bytes: 1000,
        most_segments: 3,
    };
    let (mut journal, _) = read(dir.path(), limits);
    for n in 0..100 {
        journal.append(&STAMP, vec![refused(n)]).unwrap();
    }
    let files = fs::read_dir(dir.path()).unwrap().count();
    assert!(files <= 4, "{files} files");
    let (_, seen) = read(dir.path(), limits);
    assert_eq!(seen.last().unwrap().number, 100);
    assert!(
        seen.windows(2)
            .all(|pair| pair[1].number == pair[0].number + 1)
            && seen.len() > 5
    );
}

fn signer(seed: u8, epoch: Epoch) -> Signer {
    Signer {
        device: DeviceId([seed; 32]),
        epoch,
        key: crate::device_key::tests::key(),
    }
}

#[test]
fn receipts_are_signed_by_the_device_and_bare_ones_before_stay_in_the_chain() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = read(dir.path(), Limits::default());
    journal.append(&STAMP, vec![refused(1)]).unwrap();
    let signer = signer(7, Epoch::FIRST);
    journal.sign_with(signer.clone());
    journal
        .append(&STAMP, vec![refused(2), refused(3)])
        .unwrap();
    let (journal, seen) = read(dir.path(), Limits::default());
    assert_eq!(seen.len(), 3);
    assert_eq!(
        seen[2].previous,
        Sha256::digest(seen[1].encode_to_vec()).to_vec()
    );
    let newest = journal.newest.clone().unwrap();
    assert!(signer.made(&newest));
    let stranger = Signer {
        key: crate::device_key::tests::key(),
        ..signer
    };
    assert!(!stranger.made(&newest));
}

#[test]
fn what_signing_and_reading_again_cost() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = read(dir.path(), Limits::default());
    journal.sign_with(signer(7, Epoch::FIRST));
    let signer = journal.signer.clone().unwrap();
    let rounds = 200;
    let began = std::time::Instant::now();
    for _ in 0..rounds {
        signer.seal(vec![1; 200]).unwrap();
    }
    println!(
        "one signature under a receipt: {:?}",
        began.elapsed() / rounds
    );
    for _ in 0..20 {
        journal
            .append(&STAMP, (0..100).map(refused).collect())
            .unwrap();
    }
    let began = std::time::Instant::now();
    let (_, seen) = read(dir.path(), Limits::default());
    assert_eq!(seen.len(), 2_000);
    println!("2,000 receipts read again: {:?}", began.elapsed());
}
