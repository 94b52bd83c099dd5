//! A person as the other slices see one.

use crate::world::{AgencyId, PersonId, PremisesId, Private};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    Owner,
    Operator,
}

impl Role {
    pub fn name(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Operator => "operator",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        match name {
            "owner" => Some(Role::Owner),
            "operator" => Some(Role::Operator),
            _ => None,
        }
    }
}

/// The stable number that owners are shown instead of an operator's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Badge(pub String);

#[derive(Clone, Debug)]
pub struct Person {
    pub id: PersonId,
    pub name: Private<String>,
    pub role: Role,
    pub badge: Option<Badge>,
    pub agency: Option<AgencyId>,
    /// What an owner answers for; operators have none.
    pub premises: Vec<PremisesId>,
}

impl Person {
    pub fn answers_for(&self, premises: PremisesId) -> bool {
        self.premises.contains(&premises)
    }
}
