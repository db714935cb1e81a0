//! A session in the cache.

use std::sync::Arc;
use std::time::Duration;

use quick_cache::Weighter;

use super::report::Report;
use crate::freshness::Position;
use crate::{ReadySession, Revision, SessionId, Timestamp};

/// A session in the cache.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) session: Arc<ReadySession>,
    /// A later revision of the session, if one has been reported that nobody has needed so far.
    pub(super) report: Option<Arc<Report>>,
    /// `None` once the feed has reported a change without the new record.
    pub(super) position: Option<Position>,
    pub(super) read_at: Duration,
    /// What was visible in the store before this instant is in the session, or in the report.
    pub(super) certain: Option<Timestamp>,
}

impl Entry {
    pub(super) fn revision(&self) -> Revision {
        self.report.as_ref().map_or(self.session.session().revision, |report| report.revision())
    }

    pub(super) fn holds(&self, report: &Arc<Report>) -> bool {
        self.report.as_ref().is_some_and(|known| Arc::ptr_eq(known, report))
    }

    /// Returns the entry after this change, which is as fresh as before.
    pub(super) fn changed(self, report: &Arc<Report>) -> Self {
        match report.session_if_read() {
            Some(session) => Self { session: Arc::clone(session), report: None, ..self },
            None => Self { report: Some(Arc::clone(report)), ..self },
        }
    }

    /// Returns the entry after a change that is not known any further.
    pub(super) fn outdated(self) -> Self {
        Self { report: None, position: None, ..self }
    }
}

/// Measures entries in bytes of memory.
#[derive(Debug, Clone)]
pub(super) struct Weight;

impl Weighter<SessionId, Entry> for Weight {
    fn weight(&self, _id: &SessionId, entry: &Entry) -> u64 {
        entry.session.bytes() + entry.report.as_ref().map_or(0, |report| report.bytes())
    }
}
