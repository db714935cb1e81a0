//! A change whose connection breaks while Cassandra carries it out.

use std::sync::Arc;
use std::time::Duration;

use tickseed_session::acceptance::{PatientStore, now, session};
use tickseed_session::{Created, Replaced, SessionStore, SystemClock, error_chain};
use tickseed_store::CassandraStore;
use tickseed_store::test_servers::CassandraNode;
use tokio::time::{sleep, timeout};

use super::proxy::Proxy;
use super::{PAUSES, open};

const KEYSPACE: &str = "unknown_outcome";

/// How many times a busy machine may be too slow.
const MOST_TRIES: u32 = 20;

/// A change has ended by then, in whatever way.
const TOO_LONG: Duration = Duration::from_secs(1);

const LOOK_EVERY: Duration = Duration::from_millis(2);

/// The store looks, finds the session as it was, and tries again. Then the first attempt is carried out, and another server's change
/// comes after it: so the second attempt is refused.
#[tokio::test]
async fn a_change_that_took_effect_is_not_reported_as_refused() {
    let node = CassandraNode::shared();
    let _runs = PAUSES.read().await;
    let other = open(&node.address(KEYSPACE, "migrate=true"), Arc::new(SystemClock)).await;
    let other = PatientStore(other);
    let mut proxy = Proxy::before(node).await;
    let store = Arc::new(open(&proxy.address(KEYSPACE), Arc::new(SystemClock)).await);
    for _ in 0..MOST_TRIES {
        if refuses_the_second_attempt(&store, &other, &mut proxy).await {
            return;
        }
    }
    panic!("every time, the machine was too slow");
}

/// Returns whether there was time for it.
async fn refuses_the_second_attempt(
    store: &Arc<CassandraStore>,
    other: &PatientStore<CassandraStore>,
    proxy: &mut Proxy,
) -> bool {
    let first = session(0);
    assert_eq!(other.create(first.clone()).await.unwrap(), Created::Yes);
    proxy.hold(first.id);
    let second = first.stopped(now());
    let change = {
        let (store, second) = (Arc::clone(store), second.clone());
        tokio::spawn(async move { store.compare_and_set(second, None).await })
    };
    let Ok(attempt) = timeout(TOO_LONG, proxy.held()).await else { return false };
    attempt.cut_off();
    let Ok(next_attempt) = timeout(TOO_LONG, proxy.held()).await else { return false };
    attempt.release().await;
    while other.find(first.id).await.unwrap().as_ref() != Some(&second) {
        sleep(LOOK_EVERY).await;
    }
    let third = second.expiring(Some(now()));
    assert_eq!(other.compare_and_set(third.clone(), None).await.unwrap(), Replaced::Yes);
    next_attempt.release().await;

    let error = change.await.unwrap().expect_err("its first attempt has changed the session");
    assert!(error.is_temporary(), "{error:?}");
    assert_eq!(other.find(first.id).await.unwrap(), Some(third));
    !error_chain(&error).contains("did not answer within")
}
