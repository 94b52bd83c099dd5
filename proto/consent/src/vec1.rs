//! A list that is never empty, so that "yes, to nothing" cannot be said.

use std::ops::Deref;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vec1<T>(Vec<T>);

impl<T> Vec1<T> {
    /// `None` when the list is empty.
    #[must_use]
    pub fn new(list: Vec<T>) -> Option<Self> {
        (!list.is_empty()).then_some(Self(list))
    }

    #[must_use]
    pub fn of(one: T) -> Self {
        Self(vec![one])
    }

    #[must_use]
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T> Deref for Vec1<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> IntoIterator for Vec1<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Vec1<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
