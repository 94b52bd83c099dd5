//! The no: what each scope of a revoke ends, STOP at the premises, and the hub's own closing.

use std::collections::BTreeSet;

use super::{Clock, Device, On, Revoke, SIGNED_TERMS, Scope, State, Verdict, Why};

impl Device {
    pub(super) fn revoke(&mut self, _: &Clock, revoke: &Revoke) -> Result<Verdict, &'static str> {
        match revoke.scope {
            Scope::Grant(trigger, rule) => {
                let first = self.revokes.insert(revoke.id);
                self.dead_grants.extend(first.then_some((trigger, rule)));
                self.close_grant(trigger, rule, first);
            }
            Scope::Trigger(trigger) => {
                let first = self.revokes.insert(revoke.id);
                self.dead_triggers.extend(first.then_some(trigger));
                let of_it = self.grants.iter().filter(|grant| {
                    grant.trigger == trigger || (grant.is_open() && grant.of == Some(trigger))
                });
                let named: Vec<_> = of_it.map(|g| (g.trigger, g.terms.rule)).collect();
                for (trigger, rule) in named {
                    self.close_grant(trigger, rule, first);
                }
            }
            Scope::Camera(camera) => {
                if self.revokes.insert(revoke.id) {
                    self.pause(|_, paused| paused == camera);
                    self.withdraw(&BTreeSet::from([camera]), |_| true);
                }
            }
            Scope::Everything => {
                if self.revokes.insert(revoke.id) {
                    self.stop();
                }
            }
            Scope::Policy(version) => self.void(version),
            Scope::Town(town) => {
                if self.heard.insert(revoke.id) {
                    if self.names(town) {
                        self.shut_out.insert(town);
                    }
                    self.end_where(|grant| grant.terms.town == town);
                }
            }
            Scope::Key(key) => return self.cancel(key),
        }
        Ok(Verdict::Closed)
    }

    /// STOP at the premises.
    pub fn stop(&mut self) {
        self.pause(|_, _| true);
        self.end_where(|_| true);
    }

    /// The hub closes one grant, or all of a trigger.
    pub fn hub_closes(&mut self, trigger: u64, rule: Option<u32>) {
        self.end_where(|grant| {
            grant.trigger == trigger && rule.is_none_or(|rule| grant.terms.rule == rule)
        });
    }

    fn void(&mut self, version: u64) {
        let before = self.void_up_to;
        self.void_up_to = before.max(version);
        self.end_where(|grant| grant.terms.rule != SIGNED_TERMS && grant.policy <= version);
        let ours = self.policy.as_ref().map(|policy| policy.version);
        if ours.is_some_and(|ours| ours > before && ours <= version) {
            self.policy_changed();
        }
    }

    fn cancel(&mut self, key: u8) -> Result<Verdict, &'static str> {
        let set = self.set.as_ref().ok_or("UnknownKey")?;
        let mut left = set
            .members
            .iter()
            .filter(|member| member.is_owner_passkey());
        if !left.any(|member| member.key != key && !self.cancelled.contains(&member.key)) {
            return Err("LastPasskey");
        }
        self.cancelled.insert(key);
        if self
            .waiting
            .as_ref()
            .is_some_and(|waiting| waiting.by == key)
        {
            self.waiting = None;
        }
        self.end_where(|grant| grant.by == Some(key));
        Ok(Verdict::Closed)
    }

    fn close_grant(&mut self, trigger: u64, rule: u32, first: bool) {
        let named = |grant: &&super::Grant| grant.trigger == trigger && grant.terms.rule == rule;
        let Some(grant) = self.grants.iter().find(named).cloned() else {
            return;
        };
        if grant.why == Why::Standing && first {
            self.pause(|of, camera| of == rule && grant.terms.cameras.contains(&camera));
            self.withdraw(&grant.terms.cameras, |twin| {
                twin.why == Why::Standing && twin.terms.rule == rule
            });
        }
        self.end_where(|grant| grant.trigger == trigger && grant.terms.rule == rule);
    }

    fn pause(&mut self, which: impl Fn(u32, u16) -> bool) {
        for rule in self.rules() {
            if !matches!(rule.on, On::Standing) {
                continue;
            }
            for camera in rule.cameras {
                if which(rule.id, camera) {
                    self.paused.insert((rule.id, camera));
                }
            }
        }
    }

    fn withdraw(&mut self, cameras: &BTreeSet<u16>, which: impl Fn(&super::Grant) -> bool) {
        for grant in self.grants.iter_mut().filter(|grant| grant.is_open()) {
            if which(grant) {
                let theirs = grant.terms.cameras.intersection(cameras);
                grant.gone.extend(theirs.copied());
                if grant.terms.cameras.is_subset(&grant.gone) {
                    grant.state = State::Ended;
                }
            }
        }
    }

    fn end_where(&mut self, which: impl Fn(&super::Grant) -> bool) {
        for grant in self.grants.iter_mut().filter(|grant| grant.is_open()) {
            if which(grant) {
                grant.state = State::Ended;
            }
        }
    }
}
