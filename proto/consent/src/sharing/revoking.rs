//! Closing by the owner's word. It never fails, never ages and never needs to know what it closes; what
//! a standing rule opened stays closed, because its renewals are paused too.

use std::collections::BTreeSet;

use super::{Change, Effect, Sharing};
use crate::{
    BootTime, CameraNumber, Cause, EndCause, Ending, Grant, GrantId, Revoke, Scope, TriggerId,
};

/// One closing: why, when, and whether it is heard for the first time. Said again, it must not pause a
/// standing rule that the owner has let run again since.
#[derive(Clone, Copy)]
struct Closing {
    cause: EndCause,
    at: BootTime,
    first: bool,
}

impl Sharing {
    pub fn revoke(&mut self, revoke: &Revoke, at: BootTime) -> Vec<Effect> {
        let first = self.tombstones.take(revoke);
        let closing = Closing {
            cause: revoke.reason.end_cause(),
            at,
            first,
        };
        self.change(|sharing, change| match revoke.scope {
            Scope::Grant(id) => sharing.close_grant(id, closing, change),
            Scope::Trigger(id) => sharing.close_trigger(id, closing, change),
            Scope::Camera(camera) if first => sharing.close_camera(camera, closing, change),
            Scope::Everything if first => sharing.close_everything(closing, change),
            // These mean "what was open then": said again later, they must not close something newer.
            Scope::Camera(_) | Scope::Everything => {}
        })
    }

    /// Somebody at the premises says stop. Needs no id and no proof.
    pub fn stop_locally(&mut self, at: BootTime) -> Vec<Effect> {
        let closing = Closing {
            cause: EndCause::StoppedLocally,
            at,
            first: true,
        };
        self.change(|sharing, change| sharing.close_everything(closing, change))
    }

    fn close_everything(&mut self, closing: Closing, change: &mut Change) {
        self.pause_standing(|_| true, change);
        for id in self.ids(|grant| !grant.is_ended()) {
            self.finish(id, Ending::Closed(closing.cause), closing.at, change);
        }
    }

    fn close_camera(&mut self, camera: CameraNumber, closing: Closing, change: &mut Change) {
        self.pause_standing(|pause| pause.camera == camera, change);
        for id in self.ids(|grant| !grant.is_ended()) {
            self.withdraw(id, &BTreeSet::from([camera]), closing, change);
        }
    }

    fn close_trigger(&mut self, trigger: TriggerId, closing: Closing, change: &mut Change) {
        for id in self.ids(|grant| grant.trigger() == trigger || answers(grant, trigger)) {
            self.close_grant(id, closing, change);
        }
    }

    fn close_grant(&mut self, id: GrantId, closing: Closing, change: &mut Change) {
        let Some(grant) = self.grants.get(&id) else {
            return;
        };
        if grant.cause() == Cause::Standing && closing.first {
            let (rule, cameras) = (grant.terms().rule, grant.terms().cameras.clone());
            self.pause_standing(
                |pause| pause.rule == rule && cameras.contains(pause.camera),
                change,
            );
            // A renewal overlaps the grant before it: both must go, or the picture would stay.
            for twin in self.ids(|g| g.cause() == Cause::Standing && g.terms().rule == rule) {
                self.withdraw(twin, cameras.as_set(), closing, change);
            }
        }
        self.finish(id, Ending::Closed(closing.cause), closing.at, change);
    }

    /// Takes cameras out of a grant; without any left it ends.
    fn withdraw(
        &mut self,
        id: GrantId,
        cameras: &BTreeSet<CameraNumber>,
        closing: Closing,
        change: &mut Change,
    ) {
        let (terms, withdrawn) = match self.grants.get_mut(&id) {
            Some(Grant::Asked(g)) => (&g.terms, &mut g.withdrawn),
            Some(Grant::Live(g)) => (&g.terms, &mut g.withdrawn),
            Some(Grant::Ended(_)) | None => return,
        };
        for camera in cameras.iter().filter(|c| terms.cameras.contains(**c)) {
            withdrawn.insert(*camera);
            change.withdrew(*camera, closing.cause);
        }
        if terms.cameras.as_set().is_subset(withdrawn) {
            self.finish(id, Ending::Closed(closing.cause), closing.at, change);
        }
    }
}

fn answers(grant: &Grant, alert: TriggerId) -> bool {
    match grant {
        Grant::Asked(g) => g.of == Some(alert),
        Grant::Live(g) => g.of == Some(alert),
        Grant::Ended(_) => false,
    }
}
