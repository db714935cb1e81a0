//! The embedded store when the clock of its machine is far ahead.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tickseed_session::acceptance::{TestClock, instant, session};
use tickseed_session::{Created, SessionStore, Timestamp};
use tickseed_store::{EmbeddedOptions, EmbeddedStore};

const TWO_YEARS: Duration = Duration::from_hours(2 * 365 * 24);

/// Opens a store by a clock that has been `ahead` of [`NOW`](tickseed_session::acceptance::NOW) from the start.
fn open(folder: &Path, ahead: Duration, confirmed_until: Option<Timestamp>) -> (TestClock, EmbeddedStore) {
    let clock = TestClock::new();
    clock.advance(ahead);
    let store = EmbeddedStore::open_with(
        folder,
        Arc::new(clock.clone()),
        EmbeddedOptions { clock_confirmed_until: confirmed_until, ..EmbeddedOptions::default() },
    )
    .unwrap();
    (clock, store)
}

async fn removed(clock: &TestClock, store: &EmbeddedStore) -> u64 {
    use tickseed_session::Clock as _;
    store.remove_expired(clock.now()).await.unwrap()
}

#[tokio::test]
async fn a_start_far_ahead_of_the_last_instant_removes_nothing_until_the_clock_has_proved_itself() {
    let folder = TempDir::new().unwrap();
    let (_, store) = open(folder.path(), Duration::ZERO, None);
    let session = session(60);
    assert_eq!(store.create(session.clone()).await.unwrap(), Created::Yes);
    drop(store);
    // Several starts: what happens under such a clock is not taken for the last instant.
    for _ in 0..2 {
        let (clock, store) = open(folder.path(), TWO_YEARS, None);
        assert_eq!(removed(&clock, &store).await, 0);
        let another = tickseed_session::acceptance::session(60);
        assert_eq!(store.create(another).await.unwrap(), Created::Yes, "everything else works");
        assert!(store.find(session.id).await.unwrap().is_some());
        let waits = store.vitals().sweeping_waits.expect("it waits");
        assert!(waits > Duration::from_hours(5), "{waits:?}");
    }
    let (clock, store) = open(folder.path(), TWO_YEARS, None);
    assert_eq!(removed(&clock, &store).await, 0);
    clock.pass(Duration::from_hours(6));
    assert_eq!(removed(&clock, &store).await, 3);
    assert_eq!(store.vitals().sweeping_waits, None);
}

#[tokio::test]
async fn the_operator_can_confirm_the_clock() {
    let folder = TempDir::new().unwrap();
    let (_, store) = open(folder.path(), Duration::ZERO, None);
    assert_eq!(store.create(session(60)).await.unwrap(), Created::Yes);
    drop(store);
    let (clock, store) = open(folder.path(), TWO_YEARS, Some(instant("2029-01-01T00:00:00Z")));
    assert_eq!(removed(&clock, &store).await, 1);
}

#[tokio::test]
async fn a_usual_restart_removes_what_has_expired() {
    let folder = TempDir::new().unwrap();
    let (_, store) = open(folder.path(), Duration::ZERO, None);
    assert_eq!(store.create(session(60)).await.unwrap(), Created::Yes);
    drop(store);
    let (clock, store) = open(folder.path(), Duration::from_mins(50), None);
    assert_eq!(removed(&clock, &store).await, 1);
}

#[tokio::test]
async fn a_clock_that_is_set_while_the_store_is_open_removes_nothing_for_as_long_as_it_has_jumped() {
    let folder = TempDir::new().unwrap();
    let (clock, store) = open(folder.path(), Duration::ZERO, None);
    assert_eq!(store.create(session(60)).await.unwrap(), Created::Yes);
    clock.advance(Duration::from_secs(90));
    assert_eq!(removed(&clock, &store).await, 0);
    clock.pass(Duration::from_secs(91));
    assert_eq!(removed(&clock, &store).await, 1);
}
