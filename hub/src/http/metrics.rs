//! `/metrics` for Prometheus: one recorder a process, a counter and a histogram of calls. Slices count
//! their own with the `metrics` macros.

use super::Front;
use crate::world::StoreState;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;
use std::time::Duration;

static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// From a call answered out of memory to the longest time-out, in seconds.
const BUCKETS: [f64; 9] = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0];

fn recorder() -> Option<&'static PrometheusHandle> {
    let install = || {
        PrometheusBuilder::new()
            .set_buckets(&BUCKETS)
            .ok()?
            .install_recorder()
            .ok()
    };
    RECORDER.get_or_init(install).as_ref()
}

/// Numbers in Prometheus' text form.
#[utoipa::path(get, path = "/metrics", tag = "health", responses((status = 200, body = String, content_type = "text/plain")))]
pub(super) async fn show(State(front): State<Front>) -> String {
    measure(&front);
    recorder().map(PrometheusHandle::render).unwrap_or_default()
}

/// What is only worth knowing when somebody asks.
fn measure(front: &Front) {
    recorder();
    let hub = &front.hub;
    let devices = hub.devices.all();
    let online = devices.iter().filter(|device| device.online).count();
    gauge("assent_devices", devices.len());
    gauge("assent_devices_online", online);
    gauge("assent_cameras", hub.registry.cameras().len());
    gauge(
        "assent_cameras_shared",
        hub.registry
            .cameras()
            .iter()
            .filter(|camera| hub.sharing.is_live(camera.id))
            .count(),
    );
    gauge("assent_sessions", hub.identity.sessions());
    gauge("assent_operators_on_duty", hub.identity.everybody_on_duty());
    gauge("assent_streams_open", front.streams.open());
    gauge(
        "assent_store_up",
        usize::from(hub.world.store.state() == StoreState::Up),
    );
}

fn gauge(name: &'static str, value: usize) {
    metrics::gauge!(name).set(f64::from(u32::try_from(value).unwrap_or(u32::MAX)));
}

pub(super) fn count(method: &Method, route: &str, status: StatusCode, took: Duration) {
    recorder();
    let labels = [
        ("method", method.to_string()),
        ("route", route.to_owned()),
        ("status", status.as_u16().to_string()),
    ];
    metrics::counter!("assent_http_requests_total", &labels).increment(1);
    metrics::histogram!("assent_http_request_seconds", "route" => route.to_owned())
        .record(took.as_secs_f64());
}

pub(super) fn upkeep() {
    if let Some(recorder) = recorder() {
        recorder.run_upkeep();
    }
}
