//! The contract of a store that makes promises: what is certain, and deadlines by the store's own clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::{
    Acknowledged, DEADLINE, Handles, LOOK_EVERY, RecordingSubscriber, rescheduled, session_with_notice,
};
use crate::{
    Clock, Created, Deadline, Replaced, Revision, Session, SessionId, SessionStore, SystemClock, Timestamp,
};

/// How many sessions change at the same time, and how often each of them.
const SESSIONS: usize = 16;
const CHANGES_EACH: u16 = 64;

/// Holds a store to the part of its contract that is about promises. Its clock is that of the machine, and so is the clock of the
/// store itself, if it has one.
pub async fn assert_promises(handles: Handles) {
    let subscribers = subscribe(&handles);
    for (store, subscriber) in handles.iter().zip(&subscribers) {
        if let Some(subscriber) = subscriber {
            subscriber.is_caught_up().await;
        }
        makes_promises(&**store, session_with_notice().id).await;
        obeys_deadlines_by_its_own_clock(&**store).await;
    }
    is_never_certain_too_early(&handles, &subscribers).await;
}

/// Waits until a store makes promises about a session.
pub async fn makes_promises(store: &dyn SessionStore, id: SessionId) {
    let promises = async {
        while store.certain(id).is_none() || !store.terms(id).is_clock_sure {
            sleep(LOOK_EVERY).await;
        }
    };
    timeout(DEADLINE, promises).await.expect("the store makes promises");
}

/// Subscribes to the feed of each handle, if the store has one. A store that only one process can use has one subscriber.
fn subscribe(handles: &Handles) -> [Option<Arc<RecordingSubscriber>>; 2] {
    let [one, other] = handles;
    let subscribe =
        |store: &Arc<dyn SessionStore>| store.change_feed().map(|_| RecordingSubscriber::of(&**store));
    let first = subscribe(one);
    let second = if Arc::ptr_eq(one, other) { first.clone() } else { subscribe(other) };
    [first, second]
}

async fn obeys_deadlines_by_its_own_clock(store: &dyn SessionStore) {
    let first = created(store).await;
    let second = rescheduled(&first, 1);
    let passed = Deadline::OfStore(SystemClock.now());
    assert_eq!(store.compare_and_set(second.clone(), Some(passed)).await.unwrap(), Replaced::TooLate);
    assert_eq!(store.find(first.id).await.unwrap(), Some(first));
    let deadline = SystemClock.now().after(DEADLINE).map(Deadline::OfStore);
    assert_eq!(store.compare_and_set(second.clone(), deadline).await.unwrap(), Replaced::Yes);
    assert_eq!(store.find(second.id).await.unwrap(), Some(second));
}

/// What a read has found, and the instant that was certain before it.
#[derive(Debug)]
struct Answer {
    id: SessionId,
    certain: Timestamp,
    revision: Revision,
}

/// Sessions change through one handle and are read through the other.
async fn is_never_certain_too_early(handles: &Handles, subscribers: &[Option<Arc<RecordingSubscriber>>; 2]) {
    let [one, other] = handles;
    let mut sessions = JoinSet::new();
    for (writer, reader) in [(one, other), (other, one)].into_iter().cycle().take(SESSIONS) {
        sessions.spawn(change_and_read(Arc::clone(writer), Arc::clone(reader)));
    }
    let (acknowledged, answers): (Vec<_>, Vec<_>) = sessions.join_all().await.into_iter().unzip();
    let (acknowledged, answers) = (acknowledged.concat(), answers.into_iter().flatten().collect::<Vec<_>>());
    let is_covered = |answer: &Answer| {
        acknowledged.iter().any(|change| change.session.id == answer.id && change.time < answer.certain)
    };
    assert!(answers.iter().any(is_covered), "something was certain");
    for answer in &answers {
        let is_missing = |change: &&Acknowledged| {
            let Acknowledged { session, time, .. } = change;
            session.id == answer.id && *time < answer.certain && session.revision > answer.revision
        };
        assert_eq!(acknowledged.iter().find(is_missing).map(|change| change.time), None, "{answer:?}");
    }
    for (store, subscriber) in handles.iter().zip(subscribers) {
        if let Some((feed, subscriber)) = store.change_feed().zip(subscriber.as_ref()) {
            subscriber.is_caught_up().await;
            assert_eq!(subscriber.reported_late(feed, &acknowledged), Vec::<&Session>::new());
        }
    }
}

async fn change_and_read(
    writer: Arc<dyn SessionStore>,
    reader: Arc<dyn SessionStore>,
) -> (Vec<Acknowledged>, Vec<Answer>) {
    let (first, has_ended) = (created(&*writer).await, AtomicBool::new(false));
    let id = first.id;
    let changes = async {
        let acknowledged = change_and_note(&*writer, first).await;
        has_ended.store(true, Ordering::SeqCst);
        acknowledged
    };
    let reads = async {
        let mut answers = Vec::new();
        // Once more at the end, so that one read comes after an acknowledgement.
        let mut is_last = false;
        while !is_last {
            is_last = has_ended.load(Ordering::SeqCst);
            if is_last {
                sleep(LOOK_EVERY).await;
            }
            let certain = reader.certain(id);
            let found = reader.find(id).await.unwrap().expect("it is stored");
            answers.extend(certain.map(|certain| Answer { id, certain, revision: found.revision }));
            tokio::task::yield_now().await;
        }
        answers
    };
    tokio::join!(changes, reads)
}

/// Changes the schedule of a session again and again.
async fn change_and_note(store: &dyn SessionStore, first: Session) -> Vec<Acknowledged> {
    let (mut stored, mut acknowledged) = (first, Vec::new());
    for changes in 1..=CHANGES_EACH {
        stored = rescheduled(&stored, changes);
        let deadline = SystemClock.now().after(DEADLINE).map(Deadline::OfStore);
        assert_eq!(store.compare_and_set(stored.clone(), deadline).await.unwrap(), Replaced::Yes);
        acknowledged.push(Acknowledged::now(stored.clone()));
    }
    acknowledged
}

async fn created(store: &dyn SessionStore) -> Session {
    let session = session_with_notice();
    assert_eq!(store.create(session.clone()).await.unwrap(), Created::Yes);
    session
}
