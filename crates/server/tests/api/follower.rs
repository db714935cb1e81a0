//! Somebody whom a store tells of replacements, and who remembers everything.

use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tickseed_server::session::{Clock, Follower, News, Session, SessionStore, SystemClock};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::support::DEADLINE;

/// What a store has told, in order. The news begin at an uptime.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Told {
    Begins(News, Duration),
    Until(Duration),
    Replaced(Box<Session>),
}

/// Remembers what it is told.
#[derive(Debug, Default)]
pub(crate) struct TestFollower {
    told: watch::Sender<Vec<Told>>,
}

impl TestFollower {
    /// Follows a store from now on.
    pub(crate) fn of(store: &dyn SessionStore) -> Arc<Self> {
        let follower = Arc::new(Self::default());
        let weak: Weak<dyn Follower> = Arc::downgrade(&follower) as _;
        store.follow(weak);
        follower
    }

    /// Whether the store tells before it answers.
    pub(crate) fn is_told_at_once(&self) -> bool {
        self.told.borrow().iter().any(|told| matches!(told, Told::Begins(News::AtOnce, _)))
    }

    /// What it was told before it was said how far.
    pub(crate) fn told_before_the_first_proof(&self) -> Vec<Told> {
        let told = self.told.borrow();
        told.iter().take_while(|told| !matches!(told, Told::Until(_))).cloned().collect()
    }

    /// Waits until it has been told everything that was answered up to now.
    pub(crate) async fn is_up_to_date(&self) {
        self.is_told_until(SystemClock.uptime()).await;
    }

    /// Waits until it has been told everything that was answered up to `uptime`.
    pub(crate) async fn is_told_until(&self, uptime: Duration) {
        let is_enough = |told: &Told| match told {
            Told::Begins(News::AtOnce, _) => true,
            Told::Until(told_until) => *told_until >= uptime,
            _ => false,
        };
        self.wait("everything is told", |told| told.iter().any(is_enough)).await;
    }

    /// Waits until the news have begun so often.
    pub(crate) async fn has_begun(&self, times: usize) {
        let begins = |told: &[Told]| told.iter().filter(|told| matches!(told, Told::Begins(..))).count();
        self.wait("the news begin", |told| begins(told) >= times).await;
    }

    /// Whether it was told that this session was put in place.
    pub(crate) fn knows_of(&self, session: &Session) -> bool {
        let is_it = |told: &Told| matches!(told, Told::Replaced(replaced) if **replaced == *session);
        self.told.borrow().iter().rev().any(is_it)
    }

    /// The sessions, each with the uptime at which its replacement was answered, that were not told although it was said that
    /// everything up to then is. Those from before the news began count for nothing.
    pub(crate) fn told_too_late<'a>(&self, answered: &'a [(Session, Duration)]) -> Vec<&'a Session> {
        let (mut begun_at, mut known, mut late) = (Duration::MAX, HashSet::new(), Vec::new());
        for told in self.told.borrow().iter() {
            match told {
                Told::Begins(_, uptime) => begun_at = *uptime,
                Told::Replaced(session) => drop(known.insert((session.id, session.revision))),
                Told::Until(told_until) => {
                    let due = answered.iter().filter(|(_, at)| (begun_at..=*told_until).contains(at));
                    let is_late = |session: &&Session| !known.contains(&(session.id, session.revision));
                    late.extend(due.map(|(session, _)| session).filter(is_late));
                }
            }
        }
        late
    }

    /// The uptimes up to which it was told everything.
    pub(crate) fn told_until(&self) -> Vec<Duration> {
        let until = |told: &Told| match told {
            Told::Until(uptime) => Some(*uptime),
            _ => None,
        };
        self.told.borrow().iter().filter_map(until).collect()
    }

    async fn wait(&self, what: &str, is_so: impl Fn(&[Told]) -> bool) {
        let mut told = self.told.subscribe();
        let waited = timeout(DEADLINE, told.wait_for(|told| is_so(told))).await;
        waited.unwrap_or_else(|_| panic!("too late: {what}")).expect("the sender lives as long as this");
    }

    fn note(&self, told: Told) {
        self.told.send_modify(|all| all.push(told));
    }
}

impl Follower for TestFollower {
    fn begins(&self, news: News) {
        self.note(Told::Begins(news, SystemClock.uptime()));
    }

    fn told_until(&self, uptime: Duration) {
        self.note(Told::Until(uptime));
    }

    fn replaced(&self, session: Session) {
        self.note(Told::Replaced(Box::new(session)));
    }
}
