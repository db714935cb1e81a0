//! How fresh a session in memory is, and up to when nothing is missing in it.

use std::sync::Arc;

use super::entry::Entry;
use super::{Lookup, SessionCache};
use crate::freshness::Certain;
use crate::listeners::Source;
use crate::{SessionId, Timestamp};

impl SessionCache {
    pub(super) fn is_fresh(&self, entry: &Entry) -> bool {
        let (uptime, notice) = (self.clock.uptime(), entry.session.session().notice);
        let is_fresh = |position| self.freshness.is_fresh(position, entry.read_at, uptime, notice);
        entry.position.is_some_and(is_fresh)
    }

    /// Returns an entry together with the instant up to which nothing is missing in it. Only sessions with a notice need that.
    pub(super) fn with_certainty(&self, id: SessionId, entry: Entry) -> Option<(Entry, Option<Timestamp>)> {
        if entry.session.session().notice.is_none() {
            return Some((entry, None));
        }
        let position = entry.position;
        let certain = position.and_then(|position| match self.freshness.certain(position)? {
            Certain::AsStore => self.store.certain(id),
            Certain::Before(instant) => Some(instant),
        });
        // Taken again after that: a change that was visible before is in the cache by now.
        let entry = self.entries.peek(&id)?;
        let certain = certain.filter(|_| entry.position == position).max(entry.certain);
        Some((entry, certain))
    }

    /// Returns the stale entry, and tells the listeners who know less.
    pub(super) fn stale(&self, id: SessionId) -> Option<Lookup> {
        let lookup = self.stale_entry(id)?;
        self.listeners.tell(&lookup.session, Source::Memory);
        Some(lookup)
    }

    fn stale_entry(&self, id: SessionId) -> Option<Lookup> {
        let (mut entry, mut certain) = self.with_certainty(id, self.entries.peek(&id)?)?;
        if entry.report.as_ref().is_some_and(|report| self.read_report(report).is_none()) {
            // What the feed has proved includes the change that cannot be read.
            certain = entry.certain;
            entry = entry.outdated();
        }
        let certain_until = match entry.position {
            Some(position) => self.freshness.certain_until(position, entry.read_at),
            None => entry.read_at,
        };
        let age = self.clock.uptime().saturating_sub(certain_until);
        let session = Arc::clone(&entry.session);
        Some(Lookup { session: self.newest(entry).unwrap_or(session), age: Some(age), certain })
    }
}
