//! Who may say what, as the note's tables have it.

use super::{Clock, Device, Member, Role, Said, Scope, Signer, Town, What};

impl Device {
    pub(super) fn may_say(&self, clock: &Clock, said: &Said) -> Result<(), &'static str> {
        match &said.what {
            What::Set(_) => {
                let set = self.set.as_ref().ok_or("UnknownKey")?;
                for signer in &said.signers {
                    if !self.member(signer)?.is_owner_passkey() {
                        return Err("NotAllowed");
                    }
                }
                enough(said, set.quorum)
            }
            What::Town(town) => {
                if !self.names(town.of()) {
                    return Err("UnknownAgency");
                }
                let known = self.towns.get(&town.of());
                let before = match (town.first, known) {
                    (None, None) => town,
                    (None, Some(_)) => return Err("OldVersion"),
                    (Some(_), None) => return Err("WrongPrevious"),
                    (Some(_), Some(before)) => before,
                };
                for signer in &said.signers {
                    supervises(before, signer)?;
                }
                enough(said, before.quorum)
            }
            _ if said.signers.len() != 1 => Err("NotAllowed"),
            _ => self.one_may_say(clock, said, &said.signers[0]),
        }
    }

    fn one_may_say(&self, clock: &Clock, said: &Said, signer: &Signer) -> Result<(), &'static str> {
        if let What::Alert(alert) = &said.what {
            return self.may_alert(clock, alert.facts.town, alert.facts.kind, signer);
        }
        if let What::Operator(certificate) = &said.what {
            let town = self.towns.get(&certificate.town).ok_or("UnknownAgency")?;
            return supervises(town, signer);
        }
        let member = self.member(signer)?;
        let owner = member.role == Role::Owner;
        let may = match &said.what {
            What::Policy(_) | What::Ceiling(_) => member.is_owner_passkey(),
            What::Terms(terms) => {
                let theirs = terms.cameras.iter().all(|camera| member.covers(*camera));
                let long = terms.secs > 600;
                let household = member.role == Role::Household && theirs;
                (owner && member.has_passkey) || (!long && (owner || household))
            }
            What::Press(press) => {
                press.cameras.is_empty() || press.cameras.iter().any(|c| member.covers(*c))
            }
            What::Approval(_) => member.role != Role::Staff,
            What::Revoke(revoke) => match revoke.scope {
                Scope::Policy(version) => {
                    let here = self.policy.as_ref().is_some_and(|p| version <= p.version);
                    owner && (here || member.has_passkey)
                }
                Scope::Town(_) => owner,
                Scope::Key(_) => member.is_owner_passkey(),
                _ => true,
            },
            _ => false,
        };
        if may { Ok(()) } else { Err("NotAllowed") }
    }

    /// The member, signing as its kind of key does.
    pub(super) fn member(&self, signer: &Signer) -> Result<&Member, &'static str> {
        let set = self.set.as_ref().ok_or("UnknownKey")?;
        let member = set.member(signer.key).ok_or("UnknownKey")?;
        if member.has_passkey != signer.by_passkey {
            return Err("NotAllowed");
        }
        Ok(member)
    }

    fn may_alert(
        &self,
        clock: &Clock,
        town: u64,
        kind: u8,
        signer: &Signer,
    ) -> Result<(), &'static str> {
        let set = self.towns.get(&town).ok_or("UnknownAgency")?;
        if let Some(role) = set.member(signer.key) {
            let may = role == Some(kind) && !signer.by_passkey;
            return if may { Ok(()) } else { Err("NotAllowed") };
        }
        let operator = self.operator(town, signer.key).ok_or("UnknownKey")?;
        if !signer.by_passkey {
            return Err("NotAllowed");
        }
        match clock.wall_ms {
            Some(wall) if wall <= operator.until_ms => Ok(()),
            _ => Err("Expired"),
        }
    }
}

fn supervises(town: &Town, signer: &Signer) -> Result<(), &'static str> {
    match town.member(signer.key) {
        None => Err("UnknownKey"),
        Some(None) if signer.by_passkey => Ok(()),
        Some(_) => Err("NotAllowed"),
    }
}

fn enough(said: &Said, quorum: usize) -> Result<(), &'static str> {
    if said.signers.len() < quorum {
        return Err("NotAllowed");
    }
    Ok(())
}
