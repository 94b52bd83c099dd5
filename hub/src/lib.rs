//! The hub: vertical slices over one store, one audit door and one media engine. This file lists the
//! slices from the outside in; what is built from them stands in `state.rs`, and how the programme
//! begins and ends in `run.rs`.

pub mod admin;
pub mod alerts;
pub mod audit;
pub mod config;
pub mod devices;
pub mod error;
pub mod feeds;
pub mod http;
pub mod identity;
pub mod incidents;
pub mod link;
pub mod mailbox;
pub mod registry;
pub mod run;
pub mod sharing;
pub mod state;
pub mod viewing;
pub mod words;
pub mod world;

#[cfg(test)]
mod testing;

pub use config::{Config, Overrides};
pub use error::{Error, Result};
pub use state::Hub;
