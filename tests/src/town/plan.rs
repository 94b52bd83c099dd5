//! What a town is made of, as data: premises with cameras and rules, people, the hub's store. The demo
//! town of Springfield stands here, and the small town that most promises are tested in.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use serde::Serialize;

use crate::cameras::{CameraPlan, Video, town_cameras};
use crate::scene::View;

/// The agency's key in the town's file and in every device's rules.
pub(super) const AGENCY: &str = "springfield-pd";

const OWNER: &str = "owner";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Store {
    #[default]
    Sqlite,
    Postgres,
}

impl Store {
    /// What `ASSENT_TEST_STORE` asks for, so that one set of promises runs on both.
    #[must_use]
    pub fn of_this_run() -> Self {
        match std::env::var("ASSENT_TEST_STORE").as_deref() {
            Ok("postgres") => Self::Postgres,
            _ => Self::Sqlite,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct TownPlan {
    /// Kept between runs, or else a temporary folder.
    pub folder: Option<PathBuf>,
    /// Where the hub keeps its files and its log, when that is another disk.
    pub hub_folder: Option<PathBuf>,
    /// The same for the devices.
    pub device_folder: Option<PathBuf>,
    pub store: Store,
    /// Each device in a network namespace of its own, so that the kernel counts what leaves it. Needs root.
    pub isolated: bool,
    /// Port of the hub's pages; 0 takes a free one.
    pub http_port: u16,
    /// Port of the hub's pictures, UDP and TCP; 0 takes a free one.
    pub media_port: u16,
    pub premises: Vec<PremisesPlan>,
    pub people: Vec<PersonPlan>,
    /// More lines for the hub's configuration file.
    pub hub_settings: String,
}

#[derive(Clone, Debug)]
pub struct PremisesPlan {
    pub key: String,
    pub name: String,
    pub kind: &'static str,
    pub address: String,
    pub call_back: String,
    pub cameras: Vec<CameraPlan>,
    pub rules: Vec<RulePlan>,
    /// An owner's phone pairs the device at the start and signs these same rules; from then on it obeys
    /// signed words only.
    pub paired: bool,
}

/// A `[[rule]]` of a device's configuration. The town adds the agency.
#[derive(Clone, Debug, Serialize)]
pub struct RulePlan {
    pub trigger: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alert_kinds: Vec<String>,
    pub cameras: Vec<u16>,
    pub rights: Vec<&'static str>,
    pub longest_secs: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pre_roll_secs: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<&'static str>,
}

impl RulePlan {
    #[must_use]
    pub fn press(cameras: &[u16], longest_secs: u32) -> Self {
        Self {
            trigger: "press",
            alert_kinds: Vec::new(),
            cameras: cameras.to_vec(),
            rights: vec!["live"],
            longest_secs,
            pre_roll_secs: None,
            answer: None,
        }
    }

    #[must_use]
    pub fn standing(cameras: &[u16], longest_secs: u32) -> Self {
        Self {
            trigger: "standing",
            ..Self::press(cameras, longest_secs)
        }
    }

    #[must_use]
    pub fn alert(kind: &str, answer: &'static str, cameras: &[u16], longest_secs: u32) -> Self {
        Self {
            trigger: "alert",
            alert_kinds: vec![kind.to_owned()],
            answer: Some(answer),
            ..Self::press(cameras, longest_secs)
        }
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct PersonPlan {
    pub key: String,
    pub name: String,
    pub role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub badge: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub premises: Vec<String>,
}

impl PersonPlan {
    #[must_use]
    pub fn operator(key: &str, name: &str, badge: &str) -> Self {
        Self {
            key: key.to_owned(),
            name: name.to_owned(),
            role: "operator",
            badge: Some(badge.to_owned()),
            premises: Vec::new(),
        }
    }

    #[must_use]
    pub fn owner(key: &str, name: &str, premises: &[&str]) -> Self {
        Self {
            key: key.to_owned(),
            name: name.to_owned(),
            role: OWNER,
            badge: None,
            premises: premises.iter().map(|&key| key.to_owned()).collect(),
        }
    }
}

/// What `assent-hub admin import` reads.
#[derive(Serialize)]
pub(super) struct Roster<'a> {
    agency: Agency,
    premises: Vec<Premises<'a>>,
    person: &'a [PersonPlan],
}

#[derive(Serialize)]
struct Agency {
    key: &'static str,
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    set: Option<String>,
}

#[derive(Serialize)]
struct Premises<'a> {
    key: &'a str,
    kind: &'a str,
    name: &'a str,
    address: &'a str,
    call_back: &'a str,
}

impl<'a> Premises<'a> {
    fn of(plan: &'a PremisesPlan) -> Self {
        Self {
            key: &plan.key,
            kind: plan.kind,
            name: &plan.name,
            address: &plan.address,
            call_back: &plan.call_back,
        }
    }
}

impl TownPlan {
    /// `set`: the agency's own keys, for owners who sign.
    pub(super) fn roster(&self, set: Option<String>) -> Roster<'_> {
        Roster {
            agency: Agency {
                key: AGENCY,
                name: "Springfield PD",
                set,
            },
            premises: self.premises.iter().map(Premises::of).collect(),
            person: &self.people,
        }
    }

    /// The demo: a shop, a school and the town's own square; two owners, two operators.
    #[must_use]
    pub fn springfield() -> Self {
        let mut cameras = town_cameras().into_iter();
        let mut two = || cameras.by_ref().take(2).collect::<Vec<_>>();
        Self {
            premises: vec![
                PremisesPlan {
                    rules: vec![
                        RulePlan::press(&[1, 2], 1200),
                        RulePlan {
                            rights: vec!["live", "audio"],
                            ..RulePlan::alert("glassBreak", "opens", &[1], 600)
                        },
                    ],
                    ..premises(
                        "shop",
                        "Lopez Corner Store",
                        "business",
                        "12 Elm Street",
                        two(),
                    )
                },
                PremisesPlan {
                    rules: vec![
                        RulePlan::press(&[1, 2], 3600),
                        RulePlan::alert("gunshot", "asks", &[1, 2], 1800),
                    ],
                    ..premises(
                        "school",
                        "Lincoln Elementary",
                        "school",
                        "400 Oak Avenue",
                        two(),
                    )
                },
                PremisesPlan {
                    rules: vec![RulePlan::standing(&[1, 2], 900)],
                    ..premises("square", "Town Square", "agency", "1 Market Square", two())
                },
            ],
            people: vec![
                PersonPlan::owner("maria", "Maria Lopez", &["shop"]),
                PersonPlan::owner("joan", "Joan Avery", &["school"]),
                PersonPlan::owner("luis", "Luis Lopez", &["shop"]),
                PersonPlan::operator("op417", "Dana Reyes", "417"),
                PersonPlan::operator("op418", "Sam Okafor", "418"),
            ],
            ..Self::default()
        }
    }

    /// A smaller town: these premises, their owners, and all operators.
    ///
    /// # Errors
    /// When there are no such premises.
    pub fn keep_only(&mut self, premises: &[&str]) -> Result<()> {
        for key in premises {
            let known = self.premises.iter().any(|known| known.key == *key);
            ensure!(known, "no premises are called {key}");
        }
        let kept = |key: &str| premises.contains(&key);
        self.premises.retain(|known| kept(&known.key));
        for person in &mut self.people {
            person.premises.retain(|key| kept(key));
        }
        self.people
            .retain(|person| person.role != OWNER || !person.premises.is_empty());
        Ok(())
    }

    /// One premises with four H.264 cameras of 2 + 0.5 Mbit/s: what footprints are measured on.
    #[must_use]
    pub fn four_cameras() -> Self {
        let views = [View::Street, View::Shop, View::Square, View::StreetAtNight];
        let camera = |(number, view)| CameraPlan::new(&format!("Four {number}"), view, Video::H264);
        let mut town = Self::springfield();
        town.premises.truncate(1);
        town.people.retain(|person| person.key != "joan");
        for shop in &mut town.premises {
            shop.cameras = (1..).zip(views).map(camera).collect();
            shop.rules = vec![RulePlan::press(&[1, 2, 3, 4], 3600)];
        }
        town
    }

    /// One shop with its two cameras, alone on a network that the kernel watches.
    #[must_use]
    pub fn one_shop() -> Self {
        let mut town = Self::springfield();
        town.premises.truncate(1);
        town.people.retain(|person| person.key != "joan");
        town.isolated = true;
        town.store = Store::of_this_run();
        town
    }

    /// The same shop, whose device obeys its owner's signed words only.
    #[must_use]
    pub fn paired_shop() -> Self {
        let mut town = Self::one_shop();
        for shop in &mut town.premises {
            shop.paired = true;
        }
        town
    }
}

fn premises(
    key: &str,
    name: &str,
    kind: &'static str,
    address: &str,
    cameras: Vec<CameraPlan>,
) -> PremisesPlan {
    PremisesPlan {
        key: key.to_owned(),
        name: name.to_owned(),
        kind,
        address: address.to_owned(),
        call_back: "555 0100".to_owned(),
        cameras,
        rules: Vec::new(),
        paired: false,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn people(town: &TownPlan) -> Vec<&str> {
        town.people
            .iter()
            .map(|person| person.key.as_str())
            .collect()
    }

    #[test]
    fn a_smaller_town_has_nobody_of_premises_that_are_not_there() {
        let mut town = TownPlan::springfield();
        let both = PersonPlan::owner("pat", "Pat Diaz", &["school", "shop"]);
        town.people.push(both);
        town.keep_only(&["shop"]).unwrap();
        assert_eq!(people(&town), ["maria", "luis", "op417", "op418", "pat"]);
        let answered = town.people.iter().flat_map(|person| &person.premises);
        assert!(answered.into_iter().all(|key| key == "shop"));
        assert!(town.keep_only(&["shoe"]).is_err());
    }
}
