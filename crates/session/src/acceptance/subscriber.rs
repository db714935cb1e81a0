//! A subscriber that remembers every report.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use super::DEADLINE;
use crate::{
    ChangeFeed, Clock, FeedPart, Revision, Session, SessionId, SessionStore, StoreChange, Subscriber,
    SystemClock, Timestamp,
};

/// A report of a change feed.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    /// A part has restarted, at this uptime.
    Restarted(FeedPart, Duration),
    /// A part is caught up to this uptime, and everything visible before this instant has been reported.
    CaughtUpTo(FeedPart, Duration, Option<Timestamp>),
    /// A session has been replaced.
    Replaced {
        /// The session.
        id: SessionId,
        /// Its new revision.
        revision: Revision,
        /// The new session, if its record came with the report and could be read.
        session: Option<Box<Session>>,
    },
    /// A session has been removed.
    Removed(SessionId),
    /// A session has been deleted.
    Deleted(SessionId),
}

/// A session that a store has acknowledged.
#[derive(Debug, Clone)]
pub struct Acknowledged {
    /// The session.
    pub session: Session,
    /// The uptime after the acknowledgement.
    pub uptime: Duration,
    /// The time of the machine after the acknowledgement.
    pub time: Timestamp,
}

impl Acknowledged {
    /// A session that has just been acknowledged.
    #[must_use]
    pub fn now(session: Session) -> Self {
        Self { session, uptime: SystemClock.uptime(), time: SystemClock.now() }
    }
}

/// Remembers every report of a change feed, in order.
#[derive(Debug, Default)]
pub struct RecordingSubscriber {
    reports: watch::Sender<Vec<Report>>,
}

impl RecordingSubscriber {
    /// Subscribes to the change feed of a store, which must have one.
    #[must_use]
    pub fn of(store: &dyn SessionStore) -> Arc<Self> {
        let subscriber = Arc::new(Self::default());
        let weak: Weak<dyn Subscriber> = Arc::downgrade(&subscriber) as _;
        store.change_feed().expect("the store has a change feed").subscribe(weak);
        subscriber
    }

    /// Returns whether the store reports each change before it acknowledges it.
    #[must_use]
    pub fn hears_before_acknowledgement(&self) -> bool {
        self.any(|report| matches!(report, Report::CaughtUpTo(_, Duration::MAX, _)))
    }

    /// Returns the reports before the first one that says how far the feed is caught up.
    #[must_use]
    pub fn reports_before_it_caught_up(&self) -> Vec<Report> {
        let reports = self.reports.borrow();
        reports.iter().take_while(|report| !matches!(report, Report::CaughtUpTo(..))).cloned().collect()
    }

    /// Waits until every part is caught up with everything acknowledged before now.
    pub async fn is_caught_up(&self) {
        let uptime = SystemClock.uptime();
        self.wait("the feed catches up", |reports| {
            let mut caught_up = HashMap::new();
            for report in reports {
                match report {
                    Report::Restarted(part, _) => drop(caught_up.insert(*part, false)),
                    Report::CaughtUpTo(part, to, _) if *to >= uptime => drop(caught_up.insert(*part, true)),
                    _ => {}
                }
            }
            !caught_up.is_empty() && caught_up.into_values().all(|is_caught_up| is_caught_up)
        })
        .await;
    }

    /// Waits until the parts have restarted so often, counted together.
    pub async fn has_restarted(&self, times: usize) {
        let restarts = |reports: &[Report]| {
            reports.iter().filter(|report| matches!(report, Report::Restarted(..))).count()
        };
        self.wait("the feed restarts", |reports| restarts(reports) >= times).await;
    }

    /// Returns whether the feed has reported this session.
    #[must_use]
    pub fn knows(&self, expected: &Session) -> bool {
        self.any(|report| {
            matches!(report, Report::Replaced { session: Some(session), .. } if **session == *expected)
        })
    }

    /// Returns whether the feed has reported the removal of a session.
    #[must_use]
    pub fn knows_removed(&self, expected: SessionId) -> bool {
        self.any(|report| matches!(report, Report::Removed(id) if *id == expected))
    }

    /// Returns whether the feed has reported the deletion of a session.
    #[must_use]
    pub fn knows_deleted(&self, expected: SessionId) -> bool {
        self.any(|report| matches!(report, Report::Deleted(id) if *id == expected))
    }

    /// Returns the sessions that the feed had not reported when it claimed that their part was caught up with them, or that it had
    /// reported everything visible. Those from before the last restart do not count.
    pub fn reported_late<'a>(
        &self,
        feed: &dyn ChangeFeed,
        acknowledged: &'a [Acknowledged],
    ) -> Vec<&'a Session> {
        let (mut restarted_at, mut known, mut late) = (HashMap::new(), HashSet::new(), Vec::new());
        for report in self.reports.borrow().iter() {
            match report {
                Report::Restarted(part, uptime) => drop(restarted_at.insert(*part, *uptime)),
                Report::Replaced { id, revision, .. } => drop(known.insert((*id, *revision))),
                // A store that says this says it once, before it reports anything.
                Report::Removed(_) | Report::Deleted(_) | Report::CaughtUpTo(_, Duration::MAX, _) => {}
                Report::CaughtUpTo(part, uptime, certain) => {
                    let since = restarted_at.get(part).copied().unwrap_or(Duration::MAX);
                    let is_due = |acknowledged: &&Acknowledged| {
                        let Acknowledged { session, uptime: at, time } = acknowledged;
                        let is_claimed = at <= uptime || certain.is_some_and(|certain| *time < certain);
                        feed.part_of(session.id) == *part && since <= *at && is_claimed
                    };
                    let is_late = |session: &&Session| !known.contains(&(session.id, session.revision));
                    let due = acknowledged.iter().filter(is_due).map(|acknowledged| &acknowledged.session);
                    late.extend(due.filter(is_late));
                }
            }
        }
        late
    }

    /// Returns all reports so far, in order.
    #[must_use]
    pub fn reports(&self) -> Vec<Report> {
        self.reports.borrow().clone()
    }

    /// Returns how far each part has said it was caught up, in order.
    #[must_use]
    pub fn caught_up_to(&self) -> BTreeMap<FeedPart, Vec<Duration>> {
        let mut parts = BTreeMap::<_, Vec<_>>::new();
        for report in self.reports.borrow().iter() {
            if let Report::CaughtUpTo(part, uptime, _) = report {
                parts.entry(*part).or_default().push(*uptime);
            }
        }
        parts
    }

    /// Waits until the reports fulfil a condition.
    pub async fn hears(&self, what: &str, is_fulfilled: impl Fn(&[Report]) -> bool) {
        self.wait(what, is_fulfilled).await;
    }

    fn any(&self, is_it: impl Fn(&Report) -> bool) -> bool {
        self.reports.borrow().iter().rev().any(is_it)
    }

    async fn wait(&self, what: &str, is_done: impl Fn(&[Report]) -> bool) {
        let mut reports = self.reports.subscribe();
        let waited = timeout(DEADLINE, reports.wait_for(|reports| is_done(reports))).await;
        waited.unwrap_or_else(|_| panic!("too late: {what}")).expect("the sender lives as long as this");
    }

    fn note(&self, report: Report) {
        self.reports.send_modify(|reports| reports.push(report));
    }
}

impl Subscriber for RecordingSubscriber {
    fn restarted(&self, part: FeedPart) {
        self.note(Report::Restarted(part, SystemClock.uptime()));
    }

    fn caught_up_to(&self, part: FeedPart, uptime: Duration, certain: Option<Timestamp>) {
        self.note(Report::CaughtUpTo(part, uptime, certain));
    }

    fn changed(&self, change: StoreChange) {
        self.note(match change {
            StoreChange::Replaced { id, revision, record } => {
                let session = record.and_then(|record| record.read().ok()).map(Box::new);
                Report::Replaced { id, revision, session }
            }
            StoreChange::Removed { id } => Report::Removed(id),
            StoreChange::Deleted { id } => Report::Deleted(id),
        });
    }
}
