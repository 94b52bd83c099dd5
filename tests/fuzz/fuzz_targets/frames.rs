//! Any bytes as a frame of the link, from either side, into the values that are read out of it.
#![no_main]

use assent_consent::Adopted;
use assent_wire::{link, open};
use libfuzzer_sys::fuzz_target;
use prost::Message;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(frame) = link::DeviceFrame::decode(bytes) {
        match frame.body {
            Some(link::device_frame::Body::Opened(opened)) => drop(Adopted::try_from(&opened)),
            Some(link::device_frame::Body::Pressed(pressed)) => drop(open(&pressed.envelope)),
            _ => {}
        }
    }
    if let Ok(link::HubFrame {
        body: Some(link::hub_frame::Body::Wanted(wanted)),
    }) = link::HubFrame::decode(bytes)
    {
        wanted
            .instructions
            .iter()
            .for_each(|instruct| drop(open(&instruct.envelope)));
    }
});
