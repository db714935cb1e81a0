//! Deletes a session. As a change does, a deletion reads the session, decides, and starts over if somebody else has changed it
//! meanwhile.

use crate::service_error::ATTEMPTS;
use crate::writes::{LATE_ATTEMPTS, WRITTEN_WITHIN};
use crate::{Deadline, Deleted, Expectation, Lookup, ServiceError, SessionId, SessionService, Timestamp};

impl SessionService {
    /// Deletes a session, at once and for good, and returns what it was. It needs no notice, because it changes no state: clients that
    /// have the session can go on computing, and what was settled stays true.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find). [`ServiceError::ChangedMeanwhile`] if the session is not as `expected`, [`ServiceError::TooLate`] if
    /// the store is too slow. After [`ServiceError::Store`] the session may have been deleted, or be deleted within 250 ms.
    pub async fn delete(&self, id: SessionId, expected: Expectation<'_>) -> Result<Lookup, ServiceError> {
        let mut lookup = self.find(id).await?;
        let (mut late_attempts, mut has_read) = (0, false);
        for _ in 0..ATTEMPTS {
            if expected(&lookup.session) {
                if late_attempts == LATE_ATTEMPTS {
                    return Err(ServiceError::TooLate);
                }
                let written_until = self.clock().now().after(WRITTEN_WITHIN).unwrap_or(Timestamp::MAX);
                let session = lookup.session.session().clone();
                match self.store().delete(session, Some(Deadline::OfServer(written_until))).await? {
                    Deleted::Yes => {
                        self.cache().deleted(id);
                        return Ok(lookup);
                    }
                    Deleted::No => {}
                    Deleted::TooLate => late_attempts += 1,
                }
            } else if has_read {
                return Err(ServiceError::ChangedMeanwhile);
            }
            // Memory has yet to hear of a change on another server, or the store was too slow. Look again, in the store.
            lookup = self.unless_expired(id, self.cache().read_anew(id).await?)?;
            has_read = true;
        }
        Err(ServiceError::Contended)
    }
}
