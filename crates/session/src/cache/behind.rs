//! The sessions whose listeners may have missed a change.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::report::Report;
use crate::{Revision, SessionId};

/// How many reports go to listeners at most before other work continues.
const BATCH: usize = 16;

/// Collects the changes to tell listeners of, and the sessions to read again for them.
#[derive(Debug, Default)]
pub(super) struct Behind {
    sessions: Mutex<Sessions>,
    added: Notify,
}

#[derive(Debug, Default)]
struct Sessions {
    /// Every session that has listeners.
    all: bool,
    some: HashSet<SessionId>,
    /// The newest report of each session, until its listeners have heard it.
    reports: HashMap<SessionId, Arc<Report>>,
}

/// What listeners may have missed.
pub(super) struct Missed {
    /// Some of the changes to tell. They are collected until [`Behind::tell`].
    pub(super) reports: Vec<Arc<Report>>,
    /// The sessions to read.
    pub(super) unread: Vec<SessionId>,
}

impl Behind {
    /// Adds one session.
    pub(super) fn add(&self, id: SessionId) {
        self.lock().some.insert(id);
        self.added.notify_one();
    }

    /// Adds every session that has listeners.
    pub(super) fn add_all(&self) {
        self.lock().all = true;
        self.added.notify_one();
    }

    /// Adds a change.
    pub(super) fn add_report(&self, report: &Arc<Report>) {
        let mut sessions = self.lock();
        let earlier = sessions.reports.get(&report.id());
        if earlier.is_none_or(|earlier| earlier.revision() <= report.revision()) {
            sessions.reports.insert(report.id(), Arc::clone(report));
        }
        drop(sessions);
        self.added.notify_one();
    }

    /// Waits until listeners may have missed a change; `all` lists every session that has listeners.
    pub(super) async fn take(&self, all: impl Fn() -> Vec<SessionId>) -> Missed {
        loop {
            if let Some(missed) = self.lock().take(&all) {
                return missed;
            }
            self.added.notified().await;
        }
    }

    /// Calls `tell`, unless a later change or [`tell_instead`](Self::tell_instead) has come first.
    pub(super) fn tell(&self, report: &Arc<Report>, tell: impl FnOnce()) {
        let mut sessions = self.lock();
        if sessions.reports.get(&report.id()).is_some_and(|known| Arc::ptr_eq(known, report)) {
            sessions.reports.remove(&report.id());
            tell();
        }
    }

    /// Calls `tell`. Reports up to this revision, which have come before, will not be told afterwards.
    pub(super) fn tell_instead(&self, id: SessionId, revision: Revision, tell: impl FnOnce()) {
        let mut sessions = self.lock();
        if sessions.reports.get(&id).is_some_and(|report| report.revision() <= revision) {
            sessions.reports.remove(&id);
        }
        tell();
    }

    fn lock(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sessions {
    fn take(&mut self, all: &impl Fn() -> Vec<SessionId>) -> Option<Missed> {
        let (every, some) = (std::mem::take(&mut self.all), std::mem::take(&mut self.some));
        let unread = if every { all() } else { some.into_iter().collect() };
        let reports: Vec<_> = self.reports.values().take(BATCH).cloned().collect();
        (!unread.is_empty() || !reports.is_empty()).then_some(Missed { reports, unread })
    }
}
