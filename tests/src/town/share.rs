//! The steps that most promises begin with: people signed in, the cameras known and well, a wall open, a
//! press made and its picture on the wall. Waits are for what the pages say, never for a fixed time.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Town;
use super::page::{Answer, Page};
use super::plan::TownPlan;
use super::sections::{Now, Sections};
use super::wall::Wall;

/// Camera connected, hub warm: generous for two busy cores and a debug build, and still an end.
pub const SOON: Duration = Duration::from_secs(20);

/// A town with one owner and one operator at their pages.
pub struct Scene {
    pub owner: Person,
    pub operator: Person,
    pub premises: String,
    pub camera: String,
    pub town: Town,
}

/// Somebody at a page that follows its stream.
pub struct Person {
    pub page: Page,
    pub sees: Sections,
}

impl Person {
    pub(super) fn at(page: Page) -> Self {
        let sees = page.sections();
        Self { page, sees }
    }
}

impl Scene {
    /// Starts the town and waits until its first camera is read and well.
    ///
    /// # Errors
    /// When the town does not start or the camera does not come up.
    pub async fn set(plan: TownPlan) -> Result<Self> {
        let first = plan.premises.first().context("a town has premises")?;
        let name = first
            .cameras
            .first()
            .context("premises have cameras")?
            .name
            .clone();
        let owner = plan
            .people
            .iter()
            .find(|person| person.premises.contains(&first.key));
        let owner = owner
            .context("the first premises have an owner")?
            .key
            .clone();
        let town = Town::start(plan).await?;
        let mut owner = Person::at(town.sign_in(&owner).await?);
        let operator = Person::at(town.sign_in("op417").await?);
        let (premises, camera) = owner
            .sees
            .until("the owner sees the camera online", SOON, |now| {
                let premises = now.get("premises")?.as_array()?.first()?;
                let cameras = premises["cameras"].as_array()?;
                let camera = cameras
                    .iter()
                    .find(|camera| camera["name"] == name.as_str())?;
                let well = premises["deviceState"] == "online" && camera["condition"] == "online";
                well.then(|| (text(&premises["id"]), text(&camera["id"])))
            })
            .await?;
        Ok(Self {
            owner,
            operator,
            premises,
            camera,
            town,
        })
    }

    /// The owner presses, now.
    ///
    /// # Errors
    /// When the hub refuses it.
    pub async fn press(&self) -> Result<Press> {
        let press = Press::new(&self.premises);
        press.send(&self.owner.page, 0).await?.json()?;
        Ok(press)
    }

    /// A press whose share is live at the device.
    ///
    /// # Errors
    /// When it does not become so.
    pub async fn live_press(&mut self) -> Result<Press> {
        let press = self.press().await?;
        self.share(&press, "live").await?;
        Ok(press)
    }

    /// Waits until the share of a press is in `state`, as the owner's page says, and returns it.
    ///
    /// # Errors
    /// When it does not get there.
    pub async fn share(&mut self, press: &Press, state: &str) -> Result<Value> {
        let what = format!("the share of the press is {state}");
        let found = |now: &Now| {
            shares(now)
                .find(|share| share["pressId"] == press.id.as_str() && share["state"] == state)
        };
        self.owner.sees.until(&what, SOON, found).await
    }

    /// The operator's wall with the first camera in its first tile, and a frame in it.
    ///
    /// # Errors
    /// When no frame comes.
    pub async fn watch(&self) -> Result<Wall> {
        let wall = self.open_wall(1).await?;
        wall.show(0, Some(&self.camera)).await?;
        wall.next_frame(0, SOON).await?;
        Ok(wall)
    }

    /// # Errors
    /// When the hub refuses it.
    pub async fn open_wall(&self, slots: usize) -> Result<Wall> {
        Wall::open(&self.operator.page, slots, self.town.hub.ready().media.ip()).await
    }

    /// The owner takes the yes back.
    ///
    /// # Errors
    /// When the hub refuses it.
    pub async fn revoke(&self, press: &Press) -> Result<Value> {
        let revoke = json!({ "scope": { "pressId": press.id }, "reason": "owner" });
        self.owner
            .page
            .put(&format!("api/revokes/{}", Uuid::new_v4()), &revoke)
            .await
    }
}

/// A press with the id that its maker chose.
pub struct Press {
    pub id: String,
    pub body: Value,
}

impl Press {
    #[must_use]
    pub fn new(premises: &str) -> Self {
        Self {
            id: Uuid::new_v4().to_string(),
            body: json!({
                "premisesId": premises, "level": "panic", "silent": false, "drill": false,
                "cameraIds": null, "note": null,
            }),
        }
    }

    /// Sends it, `age_ms` after it was made. Sending it twice is the same as once.
    ///
    /// # Errors
    /// When the hub cannot be reached.
    pub async fn send(&self, page: &Page, age_ms: u64) -> Result<Answer> {
        let mut body = self.body.clone();
        body["ageMs"] = age_ms.into();
        let path = format!("api/presses/{}", self.id);
        page.call(reqwest::Method::PUT, &path, Some(&body)).await
    }
}

/// Shares as a page lists them.
pub fn shares(now: &Now) -> impl Iterator<Item = Value> + use<> {
    list(now, "shares")
}

/// Any section that is a list.
pub fn list(now: &Now, section: &str) -> impl Iterator<Item = Value> + use<> {
    let list = now.get(section).and_then(Value::as_array).cloned();
    list.unwrap_or_default().into_iter()
}

/// Alerts of one kind in the operators' incidents.
#[must_use]
pub fn alerts(now: &Now, kind: &str) -> Vec<Value> {
    list(now, "incidents")
        .flat_map(|incident| incident["alerts"].as_array().cloned().unwrap_or_default())
        .filter(|alert| alert["kind"] == kind)
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
