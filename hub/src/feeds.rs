//! (placeholder while the media side is built; replaced by its owner)
use crate::world::CameraId;
#[derive(Clone, Default)]
pub struct Feeds;
impl Feeds {
    pub async fn stop(&self, _camera: CameraId) {}
}
