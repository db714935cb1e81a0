//! The contract of a change feed.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::{Acknowledged, Handles, RecordingSubscriber, Report, now, session};
use crate::{
    ChangeFeed, Clock, Created, Deadline, Replaced, Revision, Session, SessionStore, SystemClock, Timestamp,
};

/// How many tasks replace sessions at the same time, and how often each of them.
const REPLACERS: usize = 32;
const REPLACEMENTS_EACH: i64 = 64;

/// Holds the change feed of the first handle to its contract. `subscriber` has been subscribed since before the first
/// replacement.
pub(super) async fn assert_contract(handles: &Handles, subscriber: &Arc<RecordingSubscriber>) {
    subscriber.is_caught_up().await;
    let before_it_caught_up = subscriber.reports_before_it_caught_up();
    assert!(before_it_caught_up.iter().any(|report| matches!(report, Report::Restarted(..))));
    reports_every_replacement_of_every_server(handles, subscriber).await;
    reports_no_refused_replacement(handles, subscriber).await;
    reports_how_far_it_is_caught_up(subscriber).await;
    never_claims_to_be_caught_up_too_early(handles, subscriber).await;
}

async fn reports_every_replacement_of_every_server(handles: &Handles, subscriber: &RecordingSubscriber) {
    for store in handles {
        let first = created(&**store).await;
        let mut replaced = first.clone();
        for _ in 0..3 {
            replaced = replaced.stopped(now());
            assert_eq!(store.compare_and_set(replaced.clone(), None).await.unwrap(), Replaced::Yes);
            let acknowledged = [Acknowledged::now(replaced.clone())];
            assert!(!subscriber.hears_before_acknowledgement() || subscriber.knows(&replaced));
            subscriber.is_caught_up().await;
            assert_eq!(subscriber.reported_late(feed(handles), &acknowledged), Vec::<&Session>::new());
        }
        assert!(!subscriber.knows(&first), "a creation is not a change");
    }
}

async fn reports_no_refused_replacement(handles: &Handles, subscriber: &RecordingSubscriber) {
    for store in handles {
        let missing = session(0).stopped(now());
        let (stored, late) = (created(&**store).await, created(&**store).await);
        let same = Session { revision: Revision::FIRST, ..stored.stopped(now()) };
        let (skipping, late) = (stored.stopped(now()).stopped(now()), late.stopped(now()));
        assert_eq!(store.compare_and_set(missing.clone(), None).await.unwrap(), Replaced::No);
        assert_eq!(store.compare_and_set(same.clone(), None).await.unwrap(), Replaced::No);
        assert_eq!(store.compare_and_set(skipping.clone(), None).await.unwrap(), Replaced::No);
        assert_eq!(
            store.compare_and_set(late.clone(), Some(Deadline::OfServer(now()))).await.unwrap(),
            Replaced::TooLate
        );
        subscriber.is_caught_up().await;
        assert!([missing, same, skipping, late].iter().all(|refused| !subscriber.knows(refused)));
    }
}

/// A store that reports before it acknowledges says so once; every other one goes on to say how far it is.
async fn reports_how_far_it_is_caught_up(subscriber: &RecordingSubscriber) {
    if subscriber.hears_before_acknowledgement() {
        return;
    }
    for _ in 0..3 {
        subscriber.is_caught_up().await;
    }
    for uptimes in subscriber.caught_up_to().values() {
        assert!(uptimes.is_sorted() && uptimes.last() <= Some(&SystemClock.uptime()));
    }
}

fn feed(handles: &Handles) -> &dyn ChangeFeed {
    handles[0].change_feed().expect("the subscriber has subscribed to it")
}

/// Many tasks replace sessions through both handles, so that some replacement is being acknowledged whenever the feed says how far
/// it is.
async fn never_claims_to_be_caught_up_too_early(handles: &Handles, subscriber: &Arc<RecordingSubscriber>) {
    let mut replacers = JoinSet::new();
    for store in handles.iter().cycle().take(REPLACERS) {
        replacers.spawn(replace_and_note(Arc::clone(store), Arc::clone(subscriber)));
    }
    let acknowledged = replacers.join_all().await.concat();
    subscriber.is_caught_up().await;
    assert_eq!(subscriber.reported_late(feed(handles), &acknowledged), Vec::<&Session>::new());
}

/// Replaces a session again and again. Returns each replacement.
async fn replace_and_note(
    store: Arc<dyn SessionStore>,
    subscriber: Arc<RecordingSubscriber>,
) -> Vec<Acknowledged> {
    let hears_before_acknowledgement = subscriber.hears_before_acknowledgement();
    let mut replaced = created(&*store).await;
    let mut acknowledged = Vec::new();
    for millis in 0..REPLACEMENTS_EACH {
        replaced = replaced.stopped(Timestamp::from_millis(millis).unwrap());
        assert_eq!(store.compare_and_set(replaced.clone(), None).await.unwrap(), Replaced::Yes);
        acknowledged.push(Acknowledged::now(replaced.clone()));
        assert!(!hears_before_acknowledgement || subscriber.knows(&replaced));
    }
    acknowledged
}

async fn created(store: &dyn SessionStore) -> Session {
    let session = session(0);
    assert_eq!(store.create(session.clone()).await.unwrap(), Created::Yes);
    session
}
