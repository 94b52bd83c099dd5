//! Calls as browsers and strangers make them, good and bad.

#![expect(clippy::unwrap_used, reason = "tests")]

mod documents;
mod hooks;
mod pairing;
mod refused;
mod secured;
mod signing_in;
mod streaming;
mod walls;
