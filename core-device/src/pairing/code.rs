//! The QR code that a phone scans: the owner's page, with device and secret behind the `#`, where no server
//! sees them. For a terminal and for the device's own page.

use assent_consent::{DeviceId, Epoch, Origin};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use qrcode::QrCode;
use qrcode::render::{svg, unicode};
use zeroize::Zeroizing;

use super::Secret;

/// Pixels on the device's page; a phone reads it from an arm's length.
const SVG_PIXELS: u32 = 280;

/// Holds the secret: for somebody at the device only, never for a log.
#[derive(Clone)]
pub struct Invitation(Zeroizing<String>);

impl Invitation {
    pub(crate) fn new(origin: &Origin, device: DeviceId, secret: &Secret, epoch: Epoch) -> Self {
        let secret = Zeroizing::new(URL_SAFE_NO_PAD.encode(secret.bytes()));
        let later = match epoch {
            Epoch::FIRST => String::new(),
            epoch => format!(".{}", epoch.get()),
        };
        let url = format!("{origin}/#p={device}.{}{later}", *secret);
        Self(Zeroizing::new(url))
    }

    #[must_use]
    pub fn url(&self) -> &str {
        &self.0
    }

    /// For a dark terminal; `None` for an address too long for any QR code.
    #[must_use]
    pub fn for_terminal(url: &str) -> Option<String> {
        let code = QrCode::new(url).ok()?;
        let mut drawn = code.render::<unicode::Dense1x2>();
        drawn
            .dark_color(unicode::Dense1x2::Light)
            .light_color(unicode::Dense1x2::Dark);
        Some(drawn.build())
    }

    #[must_use]
    pub fn svg(&self) -> Option<String> {
        let code = QrCode::new(self.url()).ok()?;
        let drawn = code
            .render::<svg::Color<'_>>()
            .min_dimensions(SVG_PIXELS, SVG_PIXELS)
            .build();
        // Inside a page it is an element, not a document of its own.
        drawn.find("<svg").map(|at| drawn[at..].to_owned())
    }
}
