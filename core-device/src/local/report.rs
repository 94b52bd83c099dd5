//! How the device is, gathered from its parts at one moment: what the page shows and `GET /status` says
//! as JSON. Addresses of cameras are in it, for the installer; passwords never are. Whoever forces
//! somebody to open this page must not learn from it of a silent press: no share, no camera, no count.

use std::collections::BTreeMap;
use std::time::Instant;

use assent_consent::{Cause, EndCause};
use serde::Serialize;

use super::Local;
use crate::camera::{Camera, Cameras, Condition};
use crate::gate::{LiveShare, Standing, Storage, WaitsFor};
use crate::link::Attached;
use crate::valve::Valve;

/// Who reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Eyes {
    /// On the LAN, perhaps looking over a shoulder.
    Anybody,
    /// With a shell on the device.
    OnDevice,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    pub premises: String,
    pub hub: HubLine,
    /// False while receipts cannot be written.
    pub storage_fine: bool,
    /// A STOP holds standing shares back.
    pub paused: bool,
    pub cameras: Vec<CameraReport>,
    pub shares: Vec<ShareReport>,
    /// Newest first.
    pub ended: Vec<EndedReport>,
    pub owner: OwnerReport,
    /// Not for everybody's eyes: a silent press is one receipt more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<RecordsReport>,
}

/// Whose word the device obeys: its configuration's until it is paired. Versions; 0 where there is none.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OwnerReport {
    pub paired: bool,
    pub epoch: u64,
    pub owner_set: u64,
    pub policy: u64,
    pub ceiling: u64,
    /// "pairing" or "ceiling", while it waits for somebody's yes at the device.
    pub waits: Option<&'static str>,
}

/// Where the chain of receipts has come; the owner's app compares it with what the hub lists.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecordsReport {
    /// Number of the newest receipt.
    pub newest: u64,
    /// SHA-256 of its entry, in hex.
    pub head: String,
    /// How often each refusal was given since the programme started.
    pub refused: BTreeMap<&'static str, u64>,
}

impl OwnerReport {
    fn of(standing: &Standing) -> Self {
        Self {
            paired: standing.paired,
            epoch: standing.epoch,
            owner_set: standing.owner_set,
            policy: standing.policy,
            ceiling: standing.ceiling,
            waits: standing.waits.map(|waits| match waits {
                WaitsFor::Pairing => "pairing",
                WaitsFor::Ceiling => "ceiling",
            }),
        }
    }

    pub(super) fn waits(&self) -> Option<WaitsFor> {
        match self.waits {
            Some("pairing") => Some(WaitsFor::Pairing),
            Some(_) => Some(WaitsFor::Ceiling),
            None => None,
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HubLine {
    pub attached: bool,
    pub since_secs: u64,
    pub reason: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CameraReport {
    pub number: u16,
    pub name: String,
    pub address: String,
    pub condition: &'static str,
    pub reason: String,
    pub since_secs: u64,
    pub masked: bool,
    /// Pictures of it may leave now, and not by silent presses alone.
    pub shared: bool,
    pub ring_secs: u64,
    pub ring_bytes: usize,
    /// Media bytes that left since the programme started; not for everybody's eyes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_left: Option<u64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ShareReport {
    pub grant: String,
    pub cause: &'static str,
    pub agency: String,
    pub cameras: Vec<u16>,
    /// Their names, in the same order.
    pub camera_names: Vec<String>,
    pub remaining_secs: u64,
    pub drill: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EndedReport {
    pub cause: &'static str,
    pub end: &'static str,
    /// Milliseconds since 1970 on the device's clock.
    pub at_ms: i64,
}

impl Report {
    pub(super) fn of(local: &Local, eyes: Eyes) -> Self {
        let mut status = local.gate.status().borrow().clone();
        if eyes == Eyes::Anybody {
            status.live.retain(|share| !share.is_silent());
            status.ended.retain(|ended| !ended.cause.is_silent());
        }
        let camera = |camera: &Camera| {
            let valve = local.valves.get(&camera.number).map(|valve| &**valve);
            let mut shared = status.live.iter().flat_map(LiveShare::cameras);
            let shared = shared.any(|number| number == camera.number);
            CameraReport::of(camera, shared, valve, eyes)
        };
        let records = (eyes == Eyes::OnDevice).then(|| RecordsReport {
            newest: status.last_receipt,
            head: status
                .chain_head
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
            refused: status.refused.clone(),
        });
        Self {
            owner: OwnerReport::of(&status.standing),
            records,
            premises: local.premises.clone(),
            hub: HubLine::of(&local.attached.borrow()),
            storage_fine: status.storage == Storage::Fine,
            paused: !status.paused.is_empty(),
            cameras: local.cameras.iter().map(camera).collect(),
            shares: status
                .live
                .iter()
                .map(|share| ShareReport::of(share, &local.cameras))
                .collect(),
            ended: status
                .ended
                .iter()
                .rev()
                .map(|ended| EndedReport {
                    cause: cause(ended.cause),
                    end: end(ended.end),
                    at_ms: ended.at.0,
                })
                .collect(),
        }
    }
}

impl HubLine {
    fn of(attached: &Attached) -> Self {
        match attached {
            Attached::Here { since } => Self {
                attached: true,
                since_secs: since.elapsed().as_secs(),
                reason: String::new(),
            },
            Attached::Away { since, reason } => Self {
                attached: false,
                since_secs: since.elapsed().as_secs(),
                reason: reason.clone(),
            },
        }
    }
}

impl CameraReport {
    fn of(camera: &Camera, shared: bool, valve: Option<&Valve>, eyes: Eyes) -> Self {
        let health = camera.health.borrow().clone();
        let fill = camera.main.fill(Instant::now());
        Self {
            number: camera.number.get(),
            name: camera.name.clone(),
            address: camera.address.clone(),
            condition: health.condition.word(),
            reason: health.reason,
            since_secs: Instant::now()
                .saturating_duration_since(health.since)
                .as_secs(),
            masked: camera.masked,
            shared: shared && valve.is_some_and(Valve::is_open),
            ring_secs: fill.span.as_secs(),
            ring_bytes: fill.bytes,
            bytes_left: valve
                .filter(|_| eyes == Eyes::OnDevice)
                .map(Valve::bytes_left),
        }
    }

    pub(super) fn is_well(&self) -> bool {
        [Condition::Online.word(), Condition::Unarmed.word()].contains(&self.condition)
    }
}

impl ShareReport {
    fn of(share: &LiveShare, cameras: &Cameras) -> Self {
        let name = |number| {
            cameras
                .one(number)
                .map_or_else(String::new, |camera| camera.name.clone())
        };
        let drill = matches!(share.live.cause, Cause::Press { drill: true, .. });
        Self {
            grant: share.live.id.to_string(),
            cause: cause(share.live.cause),
            agency: share.live.terms.agency.to_string(),
            cameras: share.cameras().map(|camera| camera.get()).collect(),
            camera_names: share.cameras().map(name).collect(),
            remaining_secs: share.remaining_ms() / 1_000,
            drill,
        }
    }
}

fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Press { .. } => "press",
        Cause::Alert => "alert",
        Cause::Standing => "standing",
        Cause::Approval => "approval",
        Cause::Terms => "terms",
    }
}

fn end(end: EndCause) -> &'static str {
    match end {
        EndCause::Revoked => "revoked",
        EndCause::Expired => "expired",
        EndCause::ClearedByAgency => "cleared",
        EndCause::CancelledByOwner => "cancelled",
        EndCause::StoppedLocally => "stoppedAtPremises",
        EndCause::Reboot => "rebooted",
        EndCause::PolicyChanged => "policyChanged",
    }
}
