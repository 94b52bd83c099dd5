//! What lies in the mailbox, for whom, and how much.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::testing::{TestDevice, TestHub};

fn body(marked: u8) -> Bytes {
    Bytes::from(vec![marked; 64])
}

async fn handed_over(device: &mut TestDevice) -> Vec<u8> {
    loop {
        if let Body::PairingHello(hello) = device.next().await {
            return hello.body;
        }
    }
}

#[tokio::test]
async fn a_message_reaches_its_device_and_the_answer_its_sender() {
    let test = TestHub::new().await;
    let mut device = TestDevice::new(&test.hub, Vec::new()).await;
    let mailbox = &test.hub.mailbox;
    let hash = mailbox.leave(device.id, body(1)).unwrap();
    assert_eq!(handed_over(&mut device).await, body(1));
    let waiting = tokio::spawn({
        let (mailbox, id) = (mailbox.clone(), device.id);
        async move { mailbox.wait(id, hash).await }
    });
    let stranger = DeviceId([9; 32]);
    mailbox.answer(stranger, hash.0, body(8).into()).unwrap();
    mailbox.answer(device.id, hash.0, body(2).into()).unwrap();
    mailbox.answer(device.id, hash.0, body(3).into()).unwrap();
    assert_eq!(waiting.await.unwrap().unwrap(), body(2));
    assert_eq!(mailbox.wait(device.id, hash).await.unwrap(), body(2));
}

#[tokio::test]
async fn a_message_waits_for_a_device_that_is_away_and_not_longer_than_ten_minutes() {
    let test = TestHub::new().await;
    let mut device = TestDevice::new(&test.hub, Vec::new()).await;
    device.unplug();
    let mailbox = &test.hub.mailbox;
    mailbox.leave(device.id, body(1)).unwrap();
    test.hub
        .world
        .clock
        .advance(std::time::Duration::from_secs(601));
    mailbox.leave(device.id, body(2)).unwrap();
    device.attach().await;
    mailbox.hand_over_all(device.id);
    assert_eq!(handed_over(&mut device).await, body(2));
}

#[tokio::test]
async fn sixteen_messages_wait_for_a_device_and_for_one_that_nobody_knows_no_more() {
    let test = TestHub::new().await;
    let mut device = TestDevice::new(&test.hub, Vec::new()).await;
    device.unplug();
    let mailbox = &test.hub.mailbox;
    for id in [device.id, DeviceId([9; 32])] {
        let first = mailbox.leave(id, body(0)).unwrap();
        for marked in 1..16 {
            mailbox.leave(id, body(marked)).unwrap();
        }
        assert!(mailbox.leave(id, body(0)).unwrap() == first, "said twice");
        let full = mailbox.leave(id, body(16)).err().unwrap();
        assert_eq!(full.slug, "mailbox-full");
    }
}

#[tokio::test]
async fn made_up_devices_do_not_empty_the_mailbox_of_a_real_one() {
    let test = TestHub::new().await;
    let mut device = TestDevice::new(&test.hub, Vec::new()).await;
    device.unplug();
    let mailbox = &test.hub.mailbox;
    mailbox.leave(device.id, body(1)).unwrap();
    for number in 0..600_u16 {
        let mut id = [9; 32];
        id[..2].copy_from_slice(&number.to_be_bytes());
        mailbox.leave(DeviceId(id), body(2)).unwrap();
    }
    assert!(mailbox.letters.lock().len() <= MOST);
    device.attach().await;
    mailbox.hand_over_all(device.id);
    assert_eq!(handed_over(&mut device).await, body(1));
}

#[tokio::test]
async fn what_is_too_long_or_too_short_is_refused() {
    let test = TestHub::new().await;
    let mailbox = &test.hub.mailbox;
    let id = DeviceId([9; 32]);
    let short = mailbox.leave(id, Bytes::from_static(&[1; 32]));
    assert_eq!(short.err().unwrap().kind, Kind::Invalid);
    let long = mailbox.leave(id, Bytes::from(vec![1; MAX_PAIRING + 1]));
    assert_eq!(long.err().unwrap().kind, Kind::TooLarge);
}
