//! `/metrics` for Prometheus: one recorder a process, a counter and a histogram of calls. Slices count
//! their own with the `metrics` macros.

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
pub(super) async fn show() -> String {
    recorder().map(PrometheusHandle::render).unwrap_or_default()
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
