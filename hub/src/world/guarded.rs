//! A mutex whose holder never waits: locks are taken for a few lines and never across an await.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A poisoned lock is opened all the same: what it guards here stays whole between statements.
#[derive(Default)]
pub struct Guarded<T>(Mutex<T>);

impl<T> Guarded<T> {
    pub fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
