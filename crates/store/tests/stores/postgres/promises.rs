//! What the PostgreSQL store promises: nothing beyond the beginning of a write that hangs, and nothing where a crash can lose writes.

use std::time::{Duration, Instant};

use tickseed_session::acceptance::{
    DEADLINE, PatientStore, RecordingSubscriber, makes_promises, rescheduled, session_with_notice,
};
use tickseed_session::{Clock, Created, Deadline, Replaced, Session, SessionStore, SystemClock};
use tickseed_store::test_servers::PostgresServer;
use tickseed_store::{PostgresAddress, PostgresStore, RemoteOptions, StoreLoss};
use tokio::time::{sleep, timeout};

use super::{connect, options};
use crate::late_writes::LOOK_EVERY;

/// How long after its caller has given up a write that hangs has looked at the clock for certain.
const SLACK: Duration = Duration::from_millis(50);

/// How long the promises are watched while a write hangs.
const WATCHED_FOR: Duration = Duration::from_millis(800);

/// A commit that waits for a standby has looked at the clock, and is not visible yet.
#[tokio::test]
async fn nothing_is_certain_after_a_write_that_hangs_in_its_commit() {
    let set = |value| format!("ALTER SYSTEM SET synchronous_standby_names = '{value}'");
    let server = PostgresServer::start(&[]);
    let hang = || {
        server.ask(&set("nobody"));
        server.ask("SELECT pg_reload_conf()");
    };
    let go_on = || {
        server.ask(&set(""));
        server.ask("SELECT pg_reload_conf()");
    };
    nothing_is_certain_after_a_write_that_hangs(&server, hang, go_on).await;
}

/// A trigger that sleeps stands for a process that gets no time between its look at the clock and its commit.
#[tokio::test]
async fn nothing_is_certain_after_a_write_that_hangs_before_its_commit() {
    let server = PostgresServer::start(&[]);
    let hang = || {
        server.ask(
            "CREATE FUNCTION hang() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(2); RETURN NEW; END $$; \
             CREATE TRIGGER hang BEFORE UPDATE ON tickseed_sessions FOR EACH ROW EXECUTE FUNCTION hang()",
        );
    };
    nothing_is_certain_after_a_write_that_hangs(&server, hang, || ()).await;
}

async fn nothing_is_certain_after_a_write_that_hangs(
    server: &PostgresServer,
    hang: impl Fn(),
    go_on: impl Fn(),
) {
    let store = connect(&server.address(), SystemClock).await;
    let other = connect(&server.address(), SystemClock).await;
    let readers = [&store, &other];
    let _subscribers = readers.map(|reader| RecordingSubscriber::of(reader));
    let first = session_with_notice();
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    for reader in readers {
        makes_promises(reader, first.id).await;
    }
    hang();
    let (before, second) = hanging_write(&store, first.clone()).await;
    let limit = SystemClock.now().after(SLACK).unwrap();
    let waited = Instant::now();
    while waited.elapsed() < WATCHED_FOR {
        for reader in readers {
            // Whatever is found meanwhile lacks the write.
            let certain = reader.0.certain(first.id);
            if let Ok(Some(found)) = reader.0.find(first.id).await {
                assert_eq!(found, before);
                assert!(certain.is_none_or(|certain| certain <= limit), "{certain:?} {limit:?}");
            }
        }
        sleep(LOOK_EVERY).await;
    }
    go_on();
    let written = async {
        while other.find(first.id).await.unwrap() != Some(second.clone()) {
            sleep(LOOK_EVERY).await;
        }
    };
    timeout(DEADLINE, written).await.expect("the write ends");
    makes_promises(&other, first.id).await;
}

/// Writes until a write hangs, because a setting takes a moment to reach every connection. Returns what is stored, and what is being
/// written.
async fn hanging_write(store: &PatientStore<PostgresStore>, mut stored: Session) -> (Session, Session) {
    for changes in 1..=100 {
        let next = rescheduled(&stored, changes);
        let deadline = SystemClock.now().after(DEADLINE).map(Deadline::OfStore);
        match store.0.compare_and_set(next.clone(), deadline).await {
            Err(_) => return (stored, next),
            Ok(outcome) => assert_eq!(outcome, Replaced::Yes),
        }
        stored = next;
    }
    panic!("no write hangs");
}

#[tokio::test]
async fn a_commit_that_is_not_synced_needs_the_setting() {
    let server = PostgresServer::start(&["synchronous_commit=off"]);
    let id = session_with_notice().id;
    let without = connect(&server.address(), SystemClock).await;
    let _subscriber = RecordingSubscriber::of(&without);
    let clock_is_sure = async {
        while !without.0.terms(id).is_clock_sure {
            sleep(LOOK_EVERY).await;
        }
    };
    timeout(DEADLINE, clock_is_sure).await.expect("the clock is measured");
    assert_eq!(without.0.certain(id), None);
    assert_eq!(without.0.terms(id).loss, Duration::from_millis(600));

    let loss = StoreLoss::from_millis(2_000).ok();
    let address = PostgresAddress::parse(&server.address(), None).unwrap();
    let with = PostgresStore::connect(address, RemoteOptions { loss, ..options(SystemClock) }).await.unwrap();
    let with = PatientStore(with);
    let _subscriber = RecordingSubscriber::of(&with);
    makes_promises(&with, id).await;
    assert_eq!(with.0.terms(id).loss, Duration::from_secs(2));
}
