//! Log lines, readable or as JSON. What is logged, and what is private, is decided where it is said.

use std::io::IsTerminal as _;

use assent_core::config::LogFormat;
use tracing_subscriber::EnvFilter;

/// The media libraries report every stray packet of a network; only what stops them matters here.
const USUAL: &str = "info,rtc=error,rtc_ice=error,rtc_dtls=error,rtc_srtp=error,rtc_interceptor=error,\
                     webrtc=error,retina=error,oxvif=error";

/// `ASSENT_LOG` takes the form of `tracing-subscriber`'s filters, for example `debug`.
pub(crate) fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_env("ASSENT_LOG").unwrap_or_else(|_| EnvFilter::new(USUAL));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // It would say so on standard error, and panic when that fails too: a full disk, a closed pipe.
        .log_internal_errors(false)
        // Colours are for eyes; in a file they are noise.
        .with_ansi(std::io::stderr().is_terminal());
    match format {
        LogFormat::Readable => lines.init(),
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
}
