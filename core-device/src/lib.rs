//! The CORE device: reads the cameras of one premises, keeps the last seconds of each in memory, and
//! sends a picture only while its own gate holds an instruction of the owner. This crate is the
//! device's parts and how they are put together (`device`); the commands are in `main.rs`.
//!
//! A picture's way: `camera` → ring → (`gate` permits) → `publish` → hub. The word to share comes in
//! by `link` or `button`, is decided by `gate`, and is remembered by `memory`. Whose word counts is
//! settled once, by `pairing`.

pub mod camera;
pub mod config;
pub mod device;
pub mod device_key;
pub mod gate;
pub mod link;
pub mod local;
pub mod memory;
pub mod pairing;
pub mod publish;
#[cfg(test)]
mod soft_owner;
pub mod valve;
