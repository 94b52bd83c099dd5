//! The sections of the page stream: name, for whom, what may change it, and how its slice tells it.

use crate::error::{Error, Result};
use crate::http::Front;
use crate::identity::{Role, SignedIn};
use crate::world::{AgencyId, StoreState};
use serde::Serialize;
use tokio::sync::watch;

pub(super) struct Section {
    pub(super) name: &'static str,
    whose: &'static [Role],
    /// Channels that move whenever the section may say something else.
    pub(super) changes: fn(&Front) -> Vec<watch::Receiver<u64>>,
    /// The section as JSON, from memory.
    pub(super) render: fn(&Front, &SignedIn) -> Result<Vec<u8>>,
}

const EVERYBODY: &[Role] = &[Role::Owner, Role::Operator];

const OWNERS: &[Role] = &[Role::Owner];
const OPERATORS: &[Role] = &[Role::Operator];

#[rustfmt::skip]
static SECTIONS: &[Section] = &[
    Section { name: "notice",   whose: EVERYBODY, changes: |f| vec![f.notices.subscribe()], render: |f, _| json(&notice(f)) },
    Section { name: "duty",     whose: EVERYBODY, changes: |f| vec![f.hub.identity.duty_changes()], render: |f, who| json(&duty(f, who)) },
    Section { name: "shares",   whose: EVERYBODY, changes: |f| vec![f.hub.sharing.changes()], render: |f, who| json(&f.hub.sharing.shares(&who.person)) },
    Section { name: "premises", whose: OWNERS,    changes: places, render: |f, who| json(&f.hub.sharing.owner_premises(&who.person, &f.hub.identity)) },
    Section { name: "presses",  whose: OWNERS,    changes: |f| vec![f.hub.sharing.changes()], render: |f, who| json(&f.hub.sharing.presses(&who.person)) },
    Section { name: "asks",     whose: OWNERS,    changes: |f| vec![f.hub.sharing.changes()], render: |f, who| json(&f.hub.sharing.asks(&who.person)) },
    Section { name: "incidents", whose: OPERATORS, changes: incidents, render: |f, who| json(&f.hub.incidents.incidents(&who.person)) },
    Section { name: "cameras",  whose: OPERATORS, changes: cameras, render: |f, who| json(&f.hub.viewing.cameras(&who.person)) },
    Section { name: "tiles",    whose: OPERATORS, changes: tiles, render: |f, who| json(&f.hub.viewing.tiles(who)) },
    Section { name: "viewings", whose: EVERYBODY, changes: |f| vec![f.hub.viewing.changes()], render: |f, who| json(&f.hub.viewing.viewings(&who.person)) },
];

/// Whether a camera can be seen hangs on nearly everything.
fn cameras(front: &Front) -> Vec<watch::Receiver<u64>> {
    let hub = &front.hub;
    vec![
        hub.registry.changes(),
        hub.devices.changes(),
        hub.sharing.changes(),
        hub.feeds.changes(),
        hub.incidents.changes(),
    ]
}

/// What a tile does is told by packets; what it may do, by sharing.
fn tiles(front: &Front) -> Vec<watch::Receiver<u64>> {
    vec![
        front.hub.viewing.changes(),
        front.hub.feeds.changes(),
        front.hub.sharing.changes(),
    ]
}

/// Which cameras an incident opens is sharing's knowledge.
fn incidents(front: &Front) -> Vec<watch::Receiver<u64>> {
    vec![front.hub.incidents.changes(), front.hub.sharing.changes()]
}

/// Premises, their cameras and devices.
fn places(front: &Front) -> Vec<watch::Receiver<u64>> {
    vec![front.hub.registry.changes(), front.hub.devices.changes()]
}

pub(super) fn of(role: Role) -> Vec<&'static Section> {
    SECTIONS
        .iter()
        .filter(|section| section.whose.contains(&role))
        .collect()
}

fn json(section: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(section).map_err(Error::internal)
}

/// Something that everybody has to know about the hub itself.
#[derive(Serialize, utoipa::ToSchema)]
pub(in crate::http) struct Notice {
    kind: Option<NoticeKind>,
}

#[derive(Clone, Copy, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
enum NoticeKind {
    Draining,
    StoreDown,
    StoreFull,
}

fn notice(front: &Front) -> Notice {
    let kind = if front.draining.is_cancelled() {
        Some(NoticeKind::Draining)
    } else {
        match front.hub.world.store.state() {
            StoreState::Up => None,
            StoreState::Full => Some(NoticeKind::StoreFull),
            StoreState::Away => Some(NoticeKind::StoreDown),
        }
    };
    Notice { kind }
}

/// How many operators' consoles are connected right now, and whose.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct Duty {
    on_duty: usize,
    agency: String,
}

fn duty(front: &Front, who: &SignedIn) -> Duty {
    let agency = agency_of(front, who).and_then(|id| front.hub.registry.agency(id));
    match agency {
        Some(agency) => Duty {
            on_duty: front.hub.identity.on_duty(agency.id),
            agency: agency.name.clone(),
        },
        None => Duty {
            on_duty: 0,
            agency: String::new(),
        },
    }
}

/// An operator's own; for an owner, the agency that the first of the own premises shares with.
fn agency_of(front: &Front, who: &SignedIn) -> Option<AgencyId> {
    let first = || {
        who.person
            .premises
            .iter()
            .find_map(|id| front.hub.registry.premises(*id))
    };
    who.person
        .agency
        .or_else(|| first().map(|premises| premises.agency))
}
