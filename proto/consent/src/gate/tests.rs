//! The gate with real keys and real signatures, one shop and one town: each step refuses what it should,
//! and what is left opens no more than was said.

#![expect(clippy::unwrap_used, reason = "tests")]

mod agencies;
mod closing;
pub(crate) mod house;
mod limits;
mod owners;
mod revocations;
mod signers;
mod steps;

pub(crate) use house::Who;
