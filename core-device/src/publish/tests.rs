//! A publisher against a receiving peer in the same process, over real sockets on loopback.
#![expect(clippy::unwrap_used, reason = "tests")]
