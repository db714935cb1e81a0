//! The contract of a store: a write whose deadline passes while it waits has no effect.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, sleep, timeout};

use super::{DEADLINE, TestClock, now, rescheduled, session, session_with_notice};
use crate::{Clock, Created, Deadline, Deleted, Replaced, Session, SessionStore, StoreError, Timestamp};

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

/// A kind of write that has a deadline.
pub struct LateWrite<'clock> {
    first: Session,
    next: fn(&Session) -> Session,
    deadline: fn(Timestamp) -> Deadline,
    /// Whether the write that comes too late is a deletion.
    deletes: bool,
    /// The clock that the deadline goes by.
    clock: &'clock dyn Clock,
}

/// The write that comes too late.
enum LateAttempt {
    Replace(Session),
    Delete(Session),
}

impl<'clock> LateWrite<'clock> {
    /// A stop, with a deadline by the clock of the server.
    #[must_use]
    pub fn stop(clock: &'clock TestClock) -> Self {
        Self {
            first: session(0),
            next: |session| session.stopped(now()),
            deadline: Deadline::OfServer,
            deletes: false,
            clock,
        }
    }

    /// A deletion, with a deadline by the clock of the server.
    #[must_use]
    pub fn deletion(clock: &'clock TestClock) -> Self {
        Self { deletes: true, ..Self::stop(clock) }
    }

    /// A change of a session with a notice, with a deadline by the clock of the store: that of the test, or of the machine.
    #[must_use]
    pub fn change(clock: &'clock dyn Clock) -> Self {
        let next = |session: &Session| {
            let changes = session.schedule.changes().len() + 1;
            rescheduled(session, u16::try_from(changes).expect("tests change it a few times"))
        };
        Self { first: session_with_notice(), next, deadline: Deadline::OfStore, deletes: false, clock }
    }

    /// Tries the write that comes too late. Returns whether its deadline had passed.
    async fn attempt(
        store: Arc<dyn SessionStore>,
        write: LateAttempt,
        deadline: Option<Deadline>,
    ) -> Result<bool, StoreError> {
        match write {
            LateAttempt::Replace(session) => {
                Ok(store.compare_and_set(session, deadline).await? == Replaced::TooLate)
            }
            LateAttempt::Delete(session) => Ok(store.delete(session, deadline).await? == Deleted::TooLate),
        }
    }

    fn deadline_in(&self, left: Duration) -> Option<Deadline> {
        self.clock.now().after(left).map(self.deadline)
    }
}

/// Checks that a write which waits until its deadline has passed has no effect, whatever its caller has been told. `store` has
/// the clock `clock`, which shows [`NOW`](super::NOW).
pub async fn assert_nothing_is_written_late(
    store: Arc<dyn SessionStore>,
    clock: &TestClock,
    write: LateWrite<'_>,
    hold_up: &dyn HoldUp,
) {
    let first = write.first.clone();
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    // A store may learn from a write what it needs to know for the next one.
    let second = (write.next)(&first);
    assert_eq!(
        store.compare_and_set(second.clone(), write.deadline_in(DEADLINE)).await.unwrap(),
        Replaced::Yes
    );
    hold_up.begin().await;
    let (began, deadline) = (Instant::now(), write.deadline_in(LEFT));
    let late = if write.deletes {
        LateAttempt::Delete(second.clone())
    } else {
        LateAttempt::Replace((write.next)(&second))
    };
    let waiting = tokio::spawn(LateWrite::attempt(Arc::clone(&store), late, deadline));
    // A remote store goes by a clock that a test cannot set.
    while began.elapsed() <= LEFT {
        sleep(Duration::from_millis(5)).await;
    }
    clock.advance(LEFT);
    hold_up.end().await;
    let outcome = timeout(DEADLINE, waiting).await.expect("the write ends").expect("the task ends");
    assert!(matches!(outcome, Err(_) | Ok(true)), "{outcome:?}");
    assert!(outcome.as_ref().err().is_none_or(StoreError::is_temporary), "{outcome:?}");
    assert_eq!(found(&*store, &second).await, second, "nothing was written late");
    let third = (write.next)(&second);
    while store.compare_and_set(third.clone(), write.deadline_in(DEADLINE)).await.is_err() {
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
