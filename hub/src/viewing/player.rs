//! A single player (WHEP): a wall of one tile that shows one camera from the start, with the same record
//! and the same ends as any other viewing.

use uuid::Uuid;

use super::Viewing;
use super::tiles::{TileAsked, TileSize};
use crate::error::{Error, Result};
use crate::identity::SignedIn;
use crate::world::CameraId;

impl Viewing {
    /// Answers a player's offer; gives the id under which it is closed, and the SDP.
    pub async fn open_player(
        &self,
        signed_in: &SignedIn,
        camera: CameraId,
        offer: &str,
    ) -> Result<(Uuid, String)> {
        let player = self.world.random.id();
        let answer = self.open_wall(signed_in, player, offer).await?;
        let asked = TileAsked {
            camera_id: Some(camera.0),
            size: TileSize::Large,
            visible: true,
            audible: true,
        };
        let refused = match self.set_tile(signed_in, player, 0, asked).await {
            Ok(tile) if tile.viewing_id.is_some() => return Ok((player, answer)),
            Ok(_) => Error::forbidden("This camera is not shared now.").slug("not-shared"),
            Err(error) => error,
        };
        self.close_wall(signed_in, player).await?;
        Err(refused)
    }
}
