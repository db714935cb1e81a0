//! The contract of a store: a write whose deadline passes while it waits has no effect.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, sleep, timeout};

use super::{DEADLINE, TestClock, now, session};
use crate::{Created, Deadline, Replaced, Session, SessionStore, StoreError};

/// How much time the write has before its deadline.
const LEFT: Duration = Duration::from_millis(100);

/// Holds a store up, as a slow disk or a silent server does.
#[async_trait]
pub trait HoldUp: Sync {
    /// Lets no write take effect from now on. Calls made from now on wait, or fail.
    async fn begin(&self);

    /// Lets writes take effect again, and waits until those that waited have had their turn.
    async fn end(&self);
}

/// Checks that a write which waits until its deadline has passed has no effect, whatever its caller has been told. `store` has
/// the clock `clock`, which shows [`NOW`](super::NOW).
pub async fn assert_nothing_is_written_late(
    store: Arc<dyn SessionStore>,
    clock: &TestClock,
    hold_up: &dyn HoldUp,
) {
    let first = session(0);
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    // A store may learn from a write what it needs to know for the next one.
    let second = first.stopped(now());
    assert_eq!(
        store.compare_and_set(second.clone(), now().after(DEADLINE).map(Deadline::OfServer)).await.unwrap(),
        Replaced::Yes
    );
    hold_up.begin().await;
    let began = Instant::now();
    let (late_store, late) = (Arc::clone(&store), second.stopped(now()));
    let write =
        async move { late_store.compare_and_set(late, now().after(LEFT).map(Deadline::OfServer)).await };
    let write = tokio::spawn(write);
    // A remote store goes by a clock that a test cannot set.
    while began.elapsed() <= LEFT {
        sleep(Duration::from_millis(5)).await;
    }
    clock.advance(LEFT);
    hold_up.end().await;
    let outcome = timeout(DEADLINE, write).await.expect("the write ends").expect("the task ends");
    assert!(outcome.is_err() || matches!(outcome, Ok(Replaced::TooLate)), "{outcome:?}");
    assert!(outcome.as_ref().err().is_none_or(StoreError::is_temporary), "{outcome:?}");
    assert_eq!(found(&*store, &second).await, second, "nothing was written late");
    let third = second.stopped(now());
    while store.compare_and_set(third.clone(), None).await.is_err() {
        assert!(began.elapsed() < DEADLINE, "the store takes writes again");
        sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(found(&*store, &third).await, third);
}

/// Finds a session once the store answers again.
async fn found(store: &dyn SessionStore, session: &Session) -> Session {
    let finding = async {
        loop {
            match store.find(session.id).await {
                Ok(found) => return found.expect("it is stored"),
                Err(error) => assert!(error.is_temporary(), "{error}"),
            }
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(DEADLINE, finding).await.expect("the store answers again")
}
