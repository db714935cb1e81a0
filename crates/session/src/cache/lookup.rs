//! What a lookup of a session finds.

use std::sync::Arc;
use std::time::Duration;

use crate::{ReadySession, Timestamp};

/// The result of looking a session up.
#[derive(Debug, Clone)]
pub struct Lookup {
    /// The session.
    pub session: Arc<ReadySession>,
    /// How long ago the session was certain to be current, if the store cannot be asked.
    pub age: Option<Duration>,
    /// Nothing that became visible in the store before this instant is missing in the session. `None` if no such instant is known.
    pub certain: Option<Timestamp>,
}

impl Lookup {
    /// A session that is certain to be current.
    pub(super) const fn current(session: Arc<ReadySession>, certain: Option<Timestamp>) -> Self {
        Self { session, age: None, certain }
    }

    /// Returns the instant before which no change and no stop takes effect that is not in this session, and none in it is
    /// withdrawn. Only sessions with a notice have it.
    #[must_use]
    pub fn settled_until(&self) -> Option<Timestamp> {
        let notice = self.session.session().notice;
        self.certain.filter(|_| !notice.is_none())?.after(notice.duration())
    }
}
