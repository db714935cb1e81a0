//! Counts the event streams that are open.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many streams are open. Clones share the number.
#[derive(Debug, Clone, Default)]
pub struct OpenStreams(Arc<AtomicU64>);

/// A stream that is open until this is dropped.
pub(crate) struct OpenStream(OpenStreams);

impl OpenStreams {
    /// Returns the number.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn one_more(&self) -> OpenStream {
        self.0.fetch_add(1, Ordering::Relaxed);
        OpenStream(self.clone())
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
