//! Where threads leave what they have found.
//!
//! A channel of the standard library does the same and much more: a tenth of this room's code.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// What was left and not yet taken; clones are the same mailbox.
#[derive(Debug)]
pub(crate) struct Mailbox<T>(Arc<(Mutex<Vec<T>>, Condvar)>);

impl<T> Mailbox<T> {
    /// An empty mailbox.
    pub(crate) fn new() -> Self {
        Self(Arc::new((Mutex::new(Vec::new()), Condvar::new())))
    }

    /// The same mailbox, for a thread.
    pub(crate) fn share(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    /// Leaves something, whether or not anybody still waits for it.
    pub(crate) fn leave(&self, found: T) {
        let (left, changed) = &*self.0;
        left.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(found);
        changed.notify_one();
    }

    /// What was left first; none if there is nothing when patience ends.
    pub(crate) fn take(&self, patience: Duration) -> Option<T> {
        let (left, changed) = &*self.0;
        let left = left.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = changed.wait_timeout_while(left, patience, |left| left.is_empty());
        let (mut left, _) = waited.unwrap_or_else(PoisonError::into_inner);
        (!left.is_empty()).then(|| left.remove(0))
    }
}
