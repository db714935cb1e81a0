//! A changed session that this server has heard of.

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::{ReadySession, ReportedRecord, Revision, SessionId};

/// A changed session. Its record is read when somebody needs the session: the thread of the change feed has no time for that,
/// and many changes are never looked at.
pub(super) struct Report {
    id: SessionId,
    revision: Revision,
    /// `None` if the change is this server's own.
    record: Option<ReportedRecord>,
    /// Made once for all who need it. `None` if the record cannot be read.
    session: OnceLock<Option<Arc<ReadySession>>>,
}

impl Report {
    /// A change that the feed has reported with its record.
    pub(super) const fn new(id: SessionId, revision: Revision, record: ReportedRecord) -> Self {
        Self { id, revision, record: Some(record), session: OnceLock::new() }
    }

    /// A change that this server has made.
    pub(super) fn own(session: Arc<ReadySession>) -> Self {
        let (id, revision) = (session.session().id, session.session().revision);
        Self { id, revision, record: None, session: OnceLock::from(Some(session)) }
    }

    pub(super) const fn id(&self) -> SessionId {
        self.id
    }

    pub(super) const fn revision(&self) -> Revision {
        self.revision
    }

    /// Returns the session, or `None` if its record cannot be read. The first call reads the record.
    pub(super) fn session(&self) -> Option<&Arc<ReadySession>> {
        let read = || Some(Arc::new(ReadySession::new(self.record.as_ref()?.read().ok()?)));
        self.session.get_or_init(read).as_ref()
    }

    /// Returns the session, if its record has been read.
    pub(super) fn session_if_read(&self) -> Option<&Arc<ReadySession>> {
        self.session.get()?.as_ref()
    }

    /// Returns how many bytes of memory it takes before the record is read.
    pub(super) fn bytes(&self) -> u64 {
        self.record.as_ref().map_or(0, |record| record.bytes() as u64)
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Report({}, {})", self.id, self.revision)
    }
}
