//! The suite that every store must pass, and what the tests of stores share.
//!
//! A backend's test makes two handles to the same sessions and calls [`assert_contract`], and with two others, which have the time
//! of the machine, [`assert_promises`].

#![allow(clippy::missing_panics_doc, reason = "a test panics to fail")]

mod changes;
mod clock;
mod deletion;
mod expiry;
mod faulty_store;
mod late_writes;
mod list;
mod lost_writes;
mod patient_store;
mod promises;
mod requests;
mod subscriber;

use std::sync::Arc;
use std::time::Duration;

use tickseed_engine::{BreakInterval, Change, Rules, Schedule, Seed};
use tokio::task::JoinSet;

use crate::{
    ControlHash, Created, Deadline, KeyName, Metadata, NewSession, Notice, Replaced, Revision, Session,
    SessionId, SessionStore, TimeToLive, Timestamp, plain_schedule, scheduled,
};

pub use clock::{NOW, TestClock, instant, now};
pub use faulty_store::{Fault, FaultyStore};
pub use late_writes::{HoldUp, LateWrite, assert_nothing_is_written_late};
pub use patient_store::PatientStore;
pub use promises::{assert_promises, makes_promises};
pub use requests::reservation;
pub use subscriber::{Acknowledged, RecordingSubscriber, Report};

/// How long anything may take before a test fails.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// How often a test looks whether what it waits for has happened. Without a pause, tests that wait would take the processor from
/// the servers that they wait for.
pub const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Two handles to the same sessions, as two servers have them. Both are the same if only one process can use the store.
pub type Handles = [Arc<dyn SessionStore>; 2];

/// Returns the handles to a store that only one process can use.
pub fn single(store: impl SessionStore) -> Handles {
    let store: Arc<dyn SessionStore> = Arc::new(store);
    [Arc::clone(&store), store]
}

/// Holds a store, whose clock shows [`NOW`], to its contract. [`assert_promises`] is about the rest of it.
pub async fn assert_contract(handles: Handles) {
    for handle in &handles {
        handle.check().await.expect("the store can be read");
    }
    let [one, other] = &handles;
    let subscriber = one.change_feed().map(|_| RecordingSubscriber::of(&**one));
    returns_sessions_unchanged(&**one, &**other).await;
    creates_an_id_once(&handles).await;
    replaces_only_the_revision_before(&**one, &**other).await;
    replaces_only_before_the_deadline(&**one).await;
    is_certain_of_nothing_while_its_clock_is_unsure(&handles);
    lets_one_of_many_replacements_through(&handles).await;
    lost_writes::assert_contract(&**one).await;
    requests::assert_contract(&handles).await;
    deletion::assert_contract(&handles, subscriber.as_deref()).await;
    list::assert_contract(&handles).await;
    expiry::assert_contract(&**one, subscriber.as_deref()).await;
    if let Some(subscriber) = &subscriber {
        changes::assert_contract(&handles, subscriber).await;
    }
}

/// Makes a new session that expires after this many seconds, or never for 0.
#[must_use]
pub fn session(seconds: u32) -> Session {
    let new = NewSession {
        created_at: now(),
        seed: None,
        schedule: plain_schedule(Schedule::new(0, 1).expect("it is in its range")),
        notice: Notice::NONE,
        rules: Rules::default(),
        metadata: None,
        time_to_live: Some(TimeToLive::from_seconds(seconds)),
    };
    let seed = Seed::new("a seed").expect("it is not too long");
    Session::create(SessionId::random(now()), seed, new, TimeToLive::from_seconds(0))
}

/// Makes a new session with a notice of 15 s.
#[must_use]
pub fn session_with_notice() -> Session {
    Session { notice: Notice::from_millis(15_000).expect("it is in its range"), ..session(0) }
}

/// Returns the same session, with the next revision and this many changes: pauses and resumptions, one an hour from its start on.
#[must_use]
pub fn rescheduled(session: &Session, changes: u16) -> Session {
    session.rescheduled(&alternating(session, changes)).expect("pauses and resumptions alternate")
}

fn alternating(session: &Session, changes: u16) -> Vec<Change> {
    let (start_at, tick_ms) = (session.schedule.start_at(), session.schedule.tick_ms());
    let change = |number: u16| {
        let tick_ms = if number.is_multiple_of(2) { tick_ms } else { 0 };
        Change::new(start_at + i64::from(number) * 3_600_000, tick_ms).expect("it is in its range")
    };
    (1..=changes).map(change).collect()
}

async fn returns_sessions_unchanged(one: &dyn SessionStore, other: &dyn SessionStore) {
    let plain = session(0);
    let metadata = r#"{"z":1,"a":[0.1,-1e300,"é\u0000",{"":null}],"revision":7}"#;
    let full = Session {
        seed: Seed::new(&"\u{10ffff}".repeat(32)).unwrap(),
        schedule: plain_schedule(Schedule::new(tickseed_engine::LAST_INSTANT, 86_400_000).unwrap()),
        rules: Rules::new(BreakInterval::new(1, 1_000_000).unwrap(), 256).unwrap(),
        metadata: Some(Metadata::new(&serde_json::from_str(metadata).unwrap()).unwrap()),
        stopped_at: Some(Timestamp::MAX),
        expires_at: Some(Timestamp::MAX),
        revision: Revision::MAX,
        ..session(0)
    };
    let revision = Revision::MAX.previous().unwrap();
    let replaced = Session { revision, id: SessionId::random(now()), ..full.clone() };
    let with_notice = session_with_notice();
    let scheduled_only = Session {
        schedule: scheduled(&plain.schedule, &alternating(&plain, Schedule::MAX_CHANGES)).unwrap(),
        ..session(0)
    };
    let with_token = Session { control: Some(ControlHash::new([0xa5; ControlHash::BYTES])), ..session(0) };
    let with_all = Session {
        control: with_token.control,
        key: KeyName::new(&"k".repeat(KeyName::MAX_BYTES)).ok(),
        schedule: scheduled_only.schedule.clone(),
        notice: Notice::from_millis(Notice::MAX_MS).unwrap(),
        id: SessionId::random(now()),
        ..full.clone()
    };
    for session in [&plain, &full, &replaced, &with_notice, &scheduled_only, &with_token, &with_all] {
        assert_eq!(other.find(session.id).await.unwrap(), None);
        assert_eq!(one.create(session.clone()).await.unwrap(), Created::Yes);
        assert_eq!(other.find(session.id).await.unwrap().as_ref(), Some(session));
    }
    let replaced = replaced.stopped(now());
    assert_eq!(other.compare_and_set(replaced.clone(), None).await.unwrap(), Replaced::Yes);
    assert_eq!(one.find(replaced.id).await.unwrap(), Some(replaced.clone()));
    let beyond = replaced.stopped(now());
    assert_eq!(
        one.compare_and_set(beyond, None).await.unwrap(),
        Replaced::No,
        "no revision follows the last"
    );
    assert_eq!(one.find(replaced.id).await.unwrap(), Some(replaced));
}

async fn creates_an_id_once(handles: &Handles) {
    let first = session(0);
    let mut creates = JoinSet::new();
    for (tick_ms, store) in (1..=32).zip(handles.iter().cycle()) {
        let (store, schedule) = (Arc::clone(store), plain_schedule(Schedule::new(0, tick_ms).unwrap()));
        let session = Session { schedule, ..first.clone() };
        creates.spawn(async move { (store.create(session.clone()).await.unwrap(), session) });
    }
    let created = creates.join_all().await;
    let stored: Vec<_> = created.into_iter().filter(|(created, _)| *created == Created::Yes).collect();
    assert_eq!(stored.len(), 1);
    for store in handles {
        assert_eq!(store.find(first.id).await.unwrap().as_ref(), Some(&stored[0].1));
    }
}

async fn replaces_only_the_revision_before(one: &dyn SessionStore, other: &dyn SessionStore) {
    let first = session(0);
    assert_eq!(
        one.compare_and_set(first.stopped(now()), None).await.unwrap(),
        Replaced::No,
        "it does not exist"
    );
    assert_eq!(one.find(first.id).await.unwrap(), None);
    assert_eq!(one.create(first.clone()).await.unwrap(), Created::Yes);
    let second = first.stopped(now());
    let third = second.stopped(now());
    let same = Session { revision: Revision::FIRST, ..second.clone() };
    assert_eq!(
        other.compare_and_set(third.clone(), None).await.unwrap(),
        Replaced::No,
        "a revision is missing"
    );
    assert_eq!(
        other.compare_and_set(same, None).await.unwrap(),
        Replaced::No,
        "no revision precedes the first"
    );
    assert_eq!(one.find(first.id).await.unwrap().as_ref(), Some(&first));
    assert_eq!(other.compare_and_set(second.clone(), None).await.unwrap(), Replaced::Yes);
    let again = first.stopped(Timestamp::MAX);
    assert_eq!(one.compare_and_set(again, None).await.unwrap(), Replaced::No, "only once");
    assert_eq!(other.find(first.id).await.unwrap(), Some(second));
    assert_eq!(one.compare_and_set(third.clone(), None).await.unwrap(), Replaced::Yes);
    assert_eq!(other.find(third.id).await.unwrap(), Some(third));
    replaces_schedules(one, other).await;
}

/// The record takes another form with the first change, and an earlier one when all are withdrawn.
async fn replaces_schedules(one: &dyn SessionStore, other: &dyn SessionStore) {
    for first in [session(0), session_with_notice()] {
        assert_eq!(one.create(first.clone()).await.unwrap(), Created::Yes);
        let mut stored = first;
        for changes in [1, Schedule::MAX_CHANGES, 2, 0, 1] {
            let (before, next) = (stored.clone(), rescheduled(&stored, changes));
            let skipping = rescheduled(&next, changes);
            assert_eq!(other.compare_and_set(skipping, None).await.unwrap(), Replaced::No, "{changes}");
            assert_eq!(other.find(before.id).await.unwrap(), Some(before.clone()));
            assert_eq!(other.compare_and_set(next.clone(), None).await.unwrap(), Replaced::Yes, "{changes}");
            let again = before.stopped(Timestamp::MAX);
            assert_eq!(one.compare_and_set(again, None).await.unwrap(), Replaced::No, "only once");
            assert_eq!(one.find(next.id).await.unwrap().as_ref(), Some(&next));
            stored = next;
        }
    }
}

async fn replaces_only_before_the_deadline(store: &dyn SessionStore) {
    let first = session(0);
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    let second = first.stopped(now());
    // The clock of a remote store shows any time, but not that of 1970.
    let long_ago = Deadline::OfStore(Timestamp::from_millis(0).unwrap());
    let just_now = now().before(Duration::from_millis(1));
    for passed in [Deadline::OfServer(now()), Deadline::OfServer(just_now), long_ago] {
        let outcome = store.compare_and_set(second.clone(), Some(passed)).await.unwrap();
        assert_eq!(outcome, Replaced::TooLate, "{passed:?}");
        assert_eq!(store.find(first.id).await.unwrap().as_ref(), Some(&first));
        let outcome = store.compare_and_set(second.stopped(now()), Some(passed)).await.unwrap();
        assert_eq!(outcome, Replaced::No, "another revision counts first");
    }
    // The deadline is generous, because the clock of a remote store goes on while the test's clock stands still.
    let deadline = now().after(DEADLINE).map(Deadline::OfServer);
    assert_eq!(store.compare_and_set(second.clone(), deadline).await.unwrap(), Replaced::Yes);
    assert_eq!(store.find(first.id).await.unwrap().as_ref(), Some(&second));
    let (third, never) = (second.stopped(now()), Deadline::OfStore(Timestamp::MAX));
    assert_eq!(store.compare_and_set(third.clone(), Some(never)).await.unwrap(), Replaced::Yes);
    assert_eq!(store.find(first.id).await.unwrap(), Some(third));
}

/// The clock of the test has nothing to do with that of a remote store.
fn is_certain_of_nothing_while_its_clock_is_unsure(handles: &Handles) {
    for store in handles {
        let id = session(0).id;
        let is_clock_sure = store.terms(id).is_clock_sure;
        assert_eq!(store.certain(id), is_clock_sure.then(now));
    }
}

async fn lets_one_of_many_replacements_through(handles: &Handles) {
    let first = session(0);
    assert_eq!(handles[0].create(first.clone()).await.unwrap(), Created::Yes);
    let mut replacements = JoinSet::new();
    for (millis, store) in (0..64).zip(handles.iter().cycle()) {
        // Stops and changes of the schedule compete as well.
        let at = Timestamp::from_millis(millis).unwrap();
        let second = if millis % 2 == 0 { first.stopped(at) } else { rescheduled(&first, 1) };
        let second = Session { stopped_at: Some(at), ..second };
        let store = Arc::clone(store);
        replacements
            .spawn(async move { (store.compare_and_set(second.clone(), None).await.unwrap(), second) });
    }
    let replaced = replacements.join_all().await;
    let stored: Vec<_> = replaced.into_iter().filter(|(replaced, _)| *replaced == Replaced::Yes).collect();
    assert_eq!(stored.len(), 1);
    for store in handles {
        assert_eq!(store.find(first.id).await.unwrap().as_ref(), Some(&stored[0].1));
    }
}
