//! What the cache does with the reports of the change feed.

use std::sync::Arc;
use std::time::Duration;

use super::SessionCache;
use super::report::Report;
use crate::{FeedPart, StoreChange, Subscriber, Timestamp};

impl Subscriber for SessionCache {
    fn restarted(&self, part: FeedPart) {
        self.freshness.restarted(part);
        self.behind.add_all();
    }

    fn caught_up_to(&self, part: FeedPart, uptime: Duration, certain: Option<Timestamp>) {
        self.freshness.caught_up_to(part, uptime, certain);
    }

    fn changed(&self, change: StoreChange) {
        let (id, revision, record) = match change {
            StoreChange::Replaced { id, revision, record } => (id, revision, record),
            StoreChange::Removed { id } => {
                let mut table = self.in_flight.lock();
                table.detach(id);
                return self.forget(id);
            }
            StoreChange::Deleted { id } => return self.deleted(id),
        };
        if !self.is_interested(id, revision) {
            return;
        }
        let Some(record) = record else { return self.mark_outdated(id, revision) };
        let report = Arc::new(Report::new(id, revision, record));
        self.learn(&report, None);
        if self.listeners.has(id) {
            self.behind.add_report(&report);
        }
    }
}
