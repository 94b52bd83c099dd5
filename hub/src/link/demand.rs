//! Tells devices which layers of their cameras somebody looks at, so that nothing else leaves an owner's
//! uplink. Only for a device that is attached: feeds says it again when the device publishes anew.

use assent_wire::link::{self, Layer as WireLayer, hub_frame::Body};
use tokio_util::sync::CancellationToken;

use crate::feeds::{Demanded, Layer};
use crate::state::Hub;

pub(super) async fn pass_on(hub: Hub, draining: CancellationToken) {
    let Some(mut demands) = hub.feeds.demands() else {
        tracing::error!("somebody else has taken the demands of feeds");
        return;
    };
    loop {
        tokio::select! {
            demanded = demands.recv() => match demanded {
                Some(demanded) => say(&hub, &demanded),
                None => return,
            },
            () = draining.cancelled() => return,
        }
    }
}

fn say(hub: &Hub, demanded: &Demanded) {
    let Some(at) = hub
        .registry
        .camera(demanded.camera)
        .and_then(|camera| camera.connection)
    else {
        return;
    };
    let layers = demanded
        .layers
        .iter()
        .map(|layer| wire(*layer).into())
        .collect();
    hub.devices.say(
        at.device,
        Body::Demand(link::Demand {
            camera: u32::from(at.number),
            layers,
        }),
    );
}

fn wire(layer: Layer) -> WireLayer {
    match layer {
        Layer::Main => WireLayer::Main,
        Layer::Sub => WireLayer::Sub,
        Layer::Audio => WireLayer::Audio,
    }
}
