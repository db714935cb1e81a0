//! The contract of a store: requests with an idempotency key.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use tokio::task::JoinSet;
use uuid::Uuid;

use super::patient_store::wait_to_retry;
use super::{DEADLINE, Handles, now, session, session_with_notice};
use crate::{
    Answer, Created, Progress, REQUEST_KEPT_FOR, RequestId, RequestStore, Reservation, SessionStore,
    Timestamp,
};

/// How many servers want to reserve one request at the same time.
const RIVALS: u64 = 20;

/// Holds a store that keeps requests to that part of its contract.
pub(super) async fn assert_contract(handles: &Handles) {
    let [one, other] = handles;
    if let (Some(one), Some(other)) = (one.requests(), other.requests()) {
        returns_requests_unchanged(one, other).await;
        replaces_only_the_version(one, other).await;
        reserves_a_request_once(handles).await;
        removes_requests_after_a_day(&*handles[0], one).await;
    }
}

fn id() -> RequestId {
    let half = *Uuid::new_v4().as_bytes();
    RequestId::new([half, half].concat().try_into().expect("it has 32 bytes"))
}

/// Makes the reservation of a request, at [`NOW`](super::NOW).
#[must_use]
pub fn reservation(version: u64, progress: Progress) -> Reservation {
    Reservation { version, fingerprint: [1; 32], salt: [2; 16], reserved_at: now(), progress }
}

fn answered() -> Progress {
    let headers = vec![("etag".to_owned(), "\"a\"".to_owned())];
    Progress::Answered(Answer { status: 201, headers, body: "{\"\u{e9}\":[]}".to_owned(), has_token: true })
}

async fn returns_requests_unchanged(one: &dyn RequestStore, other: &dyn RequestStore) {
    for progress in [
        Progress::Begun,
        Progress::Planned(Box::new(session(60))),
        Progress::Planned(Box::new(session_with_notice())),
        answered(),
    ] {
        let (id, reservation) = (id(), reservation(u64::MAX, progress));
        assert!(one.reserve(id, reservation.clone()).await.unwrap().is_none(), "it is new");
        let existing = other.reserve(id, self::reservation(1, Progress::Begun)).await.unwrap();
        assert!(existing.as_ref() == Some(&reservation), "it comes back as it was stored");
    }
}

async fn replaces_only_the_version(one: &dyn RequestStore, other: &dyn RequestStore) {
    let (id, first, second) = (id(), reservation(1, Progress::Begun), reservation(2, answered()));
    assert!(!other.update(id, 1, second.clone()).await.unwrap(), "it is not there");
    assert!(one.reserve(id, first.clone()).await.unwrap().is_none());
    assert!(!other.update(id, 2, second.clone()).await.unwrap(), "it has another version");
    assert!(other.update(id, 1, second.clone()).await.unwrap());
    assert!(!one.update(id, 1, first.clone()).await.unwrap(), "it has been replaced");
    assert!(one.reserve(id, first.clone()).await.unwrap() == Some(second));
    assert!(!one.release(id, 1).await.unwrap(), "it has another version");
    assert!(one.release(id, 2).await.unwrap());
    assert!(!one.release(id, 2).await.unwrap(), "it is gone");
    assert!(other.reserve(id, first).await.unwrap().is_none(), "it is new again");
}

async fn reserves_a_request_once(handles: &Handles) {
    let (id, mut reserves) = (id(), JoinSet::new());
    for version in 0..RIVALS {
        let handle = Arc::clone(&handles[usize::from(version % 2 == 0)]);
        reserves
            .spawn(async move { who_has(handle.requests().expect("it keeps requests"), id, version).await });
    }
    let winners: BTreeSet<u64> = reserves.join_all().await.into_iter().collect();
    assert_eq!(
        winners.len(),
        1,
        "one of {RIVALS} reserves the request, and all others hear of it: {winners:?}"
    );
}

/// Reserves a request unless a rival already has. Returns the version that is reserved in the end. On a busy machine a call may fail
/// although it took effect; repeated, it finds its own version.
async fn who_has(requests: &dyn RequestStore, id: RequestId, version: u64) -> u64 {
    let deadline = Instant::now() + DEADLINE;
    loop {
        match requests.reserve(id, reservation(version, Progress::Begun)).await {
            Ok(found) => return found.map_or(version, |found| found.version),
            Err(error) if error.is_temporary() && wait_to_retry(deadline).await => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}

/// A store that expires requests by itself goes by a clock that no test can set, and its own tests look at that.
async fn removes_requests_after_a_day(store: &dyn SessionStore, requests: &dyn RequestStore) {
    let (id, first) = (id(), reservation(1, Progress::Begun));
    let until = now().after(REQUEST_KEPT_FOR).expect("it is before the year 9999");
    assert!(requests.reserve(id, first.clone()).await.unwrap().is_none());
    let almost = Timestamp::from_millis(until.millis() - 1).expect("it is in its range");
    store.remove_expired(almost).await.unwrap();
    assert!(requests.reserve(id, first.clone()).await.unwrap().is_some(), "it is kept for a day");
    // Shows whether this store removes sessions when asked to; others expire them by themselves.
    let seconds = u32::try_from(REQUEST_KEPT_FOR.as_secs()).expect("it is a day");
    assert_eq!(store.create(session(seconds)).await.unwrap(), Created::Yes);
    let removes = store.remove_expired(until).await.unwrap() > 0;
    let is_gone = requests.reserve(id, first).await.unwrap().is_none();
    assert!(is_gone || !removes, "it is not kept for longer");
    keeps_a_request_that_was_released_before(store, requests).await;
}

async fn keeps_a_request_that_was_released_before(store: &dyn SessionStore, requests: &dyn RequestStore) {
    let (id, first) = (id(), reservation(1, Progress::Begun));
    assert!(requests.reserve(id, first.clone()).await.unwrap().is_none());
    assert!(requests.release(id, 1).await.unwrap());
    let half = now().after(REQUEST_KEPT_FOR / 2).expect("it is before the year 9999");
    let second = Reservation { version: 2, reserved_at: half, ..first.clone() };
    assert!(requests.reserve(id, second.clone()).await.unwrap().is_none());
    let until = now().after(REQUEST_KEPT_FOR).expect("it is before the year 9999");
    store.remove_expired(until).await.unwrap();
    assert!(requests.reserve(id, first).await.unwrap() == Some(second), "it is kept for a day of its own");
}
