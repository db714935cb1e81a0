//! Lists sessions, page by page.

use crate::error_chain::error_chain;
use crate::{KeyName, ServiceError, Session, SessionId, SessionService, Status, StoreError, Timestamp};

/// How many sessions one request for a list looks at, at most, to find those that it asks for.
pub const MOST_EXAMINED: usize = 500;

/// How many sessions are read from the store at once, at most.
const READ_AT_ONCE: usize = 100;

/// Which sessions to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// Only those that have this status now.
    pub status: Option<Status>,
    /// Only those that the API key of this name has created.
    pub key: Option<KeyName>,
}

/// A request for a part of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRequest {
    /// Where the list goes on: the [`next`](SessionList::next) of the part before. `None` for its beginning.
    pub after: Option<SessionId>,
    /// How many sessions to return at most. 0 counts as 1.
    pub limit: usize,
    /// Which sessions to list.
    pub filter: ListFilter,
}

/// A part of the list.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionList {
    /// The sessions that have not expired, newest first.
    pub sessions: Vec<Session>,
    /// Where the list goes on. `None` at its end.
    pub next: Option<SessionId>,
    /// The time that decides about the status of the sessions, and which of them have expired.
    pub now: Timestamp,
}

impl ListFilter {
    fn allows(&self, session: &Session, now: Timestamp) -> bool {
        !session.has_expired(now)
            && self.status.is_none_or(|status| session.status_at(now) == status)
            && self.key.as_ref().is_none_or(|key| session.key.as_ref() == Some(key))
    }
}

impl SessionService {
    /// Lists sessions, the newest first, as the store has them now. Looks at no more than [`MOST_EXAMINED`] sessions, so the list can
    /// be shorter than asked for, or empty, although it goes on.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Store`] if the store fails.
    pub async fn list(&self, request: &ListRequest) -> Result<SessionList, ServiceError> {
        let limit = request.limit.max(1);
        let mut list = SessionList { sessions: Vec::new(), next: request.after, now: self.clock().now() };
        let mut examined = 0;
        while examined < MOST_EXAMINED {
            // Without a filter nearly every session counts, so reading more than is missing would be in vain.
            let missing = limit - list.sessions.len();
            let wanted = if request.filter == ListFilter::default() { missing } else { READ_AT_ONCE };
            let wanted = wanted.min(READ_AT_ONCE).min(MOST_EXAMINED - examined);
            let page = self.store().list(list.next, wanted).await?;
            examined += wanted;
            page.left_out.iter().for_each(log_unlisted);
            list.next = page.next;
            let mut found = page.sessions.into_iter();
            for session in found.by_ref() {
                let id = session.id;
                if request.filter.allows(&session, list.now) {
                    list.sessions.push(session);
                }
                if list.sessions.len() == limit {
                    // What follows has been read, but not looked at.
                    list.next = if found.len() > 0 { Some(id) } else { page.next };
                    return Ok(list);
                }
            }
            if list.next.is_none() {
                break;
            }
        }
        Ok(list)
    }
}

/// Logs why a session is left out of a list. Reads log that a later version wrote it, and during an upgrade there may be many such
/// sessions.
fn log_unlisted(error: &StoreError) {
    if !matches!(error, StoreError::NewerRecord { .. }) {
        tracing::error!(error = error_chain(error), "a session is left out of the list");
    }
}
