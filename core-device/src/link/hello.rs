//! The first words on every line: who is here, what cameras there are and how they do, the owner's policy
//! and what is open right now.

use assent_consent::CameraNumber;
use assent_wire::link::camera_health::Condition as Wire;
use assent_wire::link::device_frame::Body;
use assent_wire::link::{self, DeviceFrame};
use assent_wire::{MAX_NAME, opened_message};

use super::Link;
use crate::camera::{Armed, Camera, Condition};
use crate::gate::boot_now;

impl Link {
    pub(super) fn hello(&self, boot_id: [u8; 16]) -> DeviceFrame {
        let status = self.gate.status().borrow().clone();
        let now = boot_now();
        let hello = link::Hello {
            boot_id: boot_id.to_vec(),
            software: concat!("assent-core ", env!("CARGO_PKG_VERSION")).to_owned(),
            cameras: self
                .cameras
                .iter()
                .map(|camera| card(camera, &status.armed))
                .collect(),
            policy: status.standing.payload.to_vec(),
            live: status
                .live
                .iter()
                .map(|share| opened_message(&share.adopted(now), share.receipt))
                .collect(),
            last_receipt: status.last_receipt,
            consent: Some(status.standing.consent()),
        };
        DeviceFrame {
            seq: 0,
            body: Some(Body::Hello(hello)),
        }
    }
}

fn card(camera: &Camera, armed: &Armed) -> link::Camera {
    link::Camera {
        number: camera.number.get().into(),
        name: camera.name.chars().scan(0, short_enough).collect(),
        has_sub: camera.sub.is_some(),
        has_audio: camera.audio.is_some() && armed.sound.contains(&camera.number),
        masked: camera.masked,
        health: health(camera),
    }
}

fn short_enough(bytes: &mut usize, c: char) -> Option<char> {
    *bytes += c.len_utf8();
    (*bytes <= MAX_NAME).then_some(c)
}

/// `None` for a camera that no rule shares: nothing connects to it, and why is the owner's affair.
pub(super) fn health(camera: &Camera) -> Option<link::CameraHealth> {
    let health = camera.health.borrow();
    let condition = match health.condition {
        Condition::Unarmed => return None,
        Condition::Connecting => Wire::Connecting,
        Condition::Online => Wire::Online,
        Condition::Offline => Wire::Offline,
        Condition::WrongPassword => Wire::WrongPassword,
        Condition::Unsupported => Wire::Unsupported,
        Condition::Garbage => Wire::Garbage,
    };
    let number = u32::from(CameraNumber::get(camera.number));
    Some(link::CameraHealth {
        number,
        condition: condition.into(),
        reason: health.reason.clone(),
    })
}
