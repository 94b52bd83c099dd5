//! The steps that promises about a paired device begin with: presses that somebody signed, a staff member let in,
//! and whether pictures still leave. As in `share`, waits are for what the pages say.

use std::time::Duration;

use anyhow::{Result, ensure};
use assent_consent::Role;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::phone::{Key, Phone, SignedPress, words};
use super::plan::TownPlan;
use super::share::{Press, SOON, Scene, list, shares};

/// The product's number is 250 ms for the 99th of a hundred; a debug build on two busy cores gets more.
const STOPS_WITHIN: Duration = Duration::from_millis(800);
/// After a stop, ICE and DTLS may say goodbye; a picture is hundreds of packets a second.
const GOODBYE_PACKETS: u64 = 20;
const LOOK_AGAIN: Duration = Duration::from_millis(100);

impl Scene {
    /// The shop whose device obeys signed words only.
    ///
    /// # Errors
    /// As `set`.
    pub async fn paired() -> Result<Self> {
        Self::set(TownPlan::paired_shop()).await
    }

    /// The owner's phone.
    ///
    /// # Errors
    /// When the town was not planned with a paired premises.
    pub fn phone(&mut self) -> Result<&mut Phone> {
        self.town.phone()
    }

    /// A press that the owner's phone signed, whose share is live at the device.
    ///
    /// # Errors
    /// When the premises are not paired, or it does not become live.
    pub async fn live_signed_press(&mut self) -> Result<SignedPress> {
        let (page, premises) = (self.owner.page.clone(), self.premises.clone());
        let phone = self.phone()?;
        let signed = phone.sign_press(&page, &premises, &phone.key).await?;
        signed.send(&page).await?.json()?;
        self.share(&signed.press, "live").await?;
        Ok(signed)
    }

    /// A press that somebody else signed, from the owner's page.
    ///
    /// # Errors
    /// When there is no nonce for the key, or the hub refuses the press.
    pub async fn press_by(&mut self, key: &Key) -> Result<SignedPress> {
        let (page, premises) = (self.owner.page.clone(), self.premises.clone());
        let signed = self.phone()?.sign_press(&page, &premises, key).await?;
        signed.send(&page).await?.json()?;
        Ok(signed)
    }

    /// Lets somebody in who may press and stop on one camera.
    ///
    /// # Errors
    /// When the device does not take the set.
    pub async fn staff(&mut self, camera: u16) -> Result<Key> {
        let (page, key) = (self.owner.page.clone(), Key::phone()?);
        let role = Role::Staff(words::cameras(&[camera])?);
        let phone = self.phone()?;
        phone.admit(&page, &key, "Ana at the till", role).await?;
        Ok(key)
    }

    /// What the owner's page says of a press, once `says` finds it there.
    ///
    /// # Errors
    /// When it does not say so in time.
    pub async fn told(
        &mut self,
        what: &str,
        press: &Press,
        says: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        let found = |now: &_| {
            list(now, "presses").find(|known| known["id"] == press.id.as_str() && says(known))
        };
        self.owner.sees.until(what, SOON, found).await
    }

    /// How many shares are live, as the owner's page says.
    #[must_use]
    pub fn live(&self) -> usize {
        let now = self.owner.sees.now();
        shares(&now)
            .filter(|share| share["state"] == "live")
            .count()
    }

    /// Waits until the hub has its line to the device again.
    ///
    /// # Errors
    /// When the device does not come back.
    pub async fn device_is_back(&mut self) -> Result<()> {
        let (page, until) = (self.owner.page.clone(), Instant::now() + SOON);
        let phone = self.phone()?;
        while phone.nonce(&page, &phone.key).await.is_err() {
            ensure!(Instant::now() < until, "the device did not come back");
            sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// The kernel begins to count what leaves the device.
    ///
    /// # Errors
    /// When the town is not isolated.
    pub fn count(&self) -> Result<()> {
        let link = self.town.hub.link_address().port();
        self.town.network(0)?.count(link, &[1])
    }

    /// Gives the stop that began then its time, and sees that no picture leaves any more.
    ///
    /// # Errors
    /// When pictures leave.
    pub async fn nothing_leaves_after(&self, began: Instant) -> Result<()> {
        sleep(STOPS_WITHIN.saturating_sub(began.elapsed())).await;
        let network = self.town.network(0)?;
        let before = network.counted()?.udp.packets;
        sleep(Duration::from_millis(1_500)).await;
        let left = network.counted()?.udp.packets - before;
        ensure!(
            left <= GOODBYE_PACKETS,
            "{left} UDP packets left after the stop"
        );
        Ok(())
    }
}
