//! A store that is another process and does not answer for a while.

use tickseed_session::acceptance::{DEADLINE, LOOK_EVERY, PatientStore, session};
use tickseed_session::{Created, Replaced, SessionStore, StoreError, Timestamp};
use tokio::time::timeout;

/// Checks that requests to a silent store fail, soon at once, and that the store is used again when it answers.
pub(crate) async fn assert_recovers_from_silence<Store: SessionStore>(
    store: &PatientStore<Store>,
    pause: impl FnOnce(),
    go_on: impl FnOnce(),
) {
    let first = session(0);
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    pause();
    let (created, second) = (session(0), first.stopped(Timestamp::MAX));
    assert!(matches!(store.0.find(first.id).await, Err(StoreError::Unavailable(_))));
    // A probe has to fail too before other requests are refused.
    let refused = async {
        while !matches!(store.0.find(first.id).await, Err(StoreError::NotAsked)) {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    timeout(DEADLINE, refused).await.expect("the breaker opens");
    assert!(matches!(store.0.create(created.clone()).await, Err(StoreError::NotAsked)));
    assert!(matches!(store.0.compare_and_set(second.clone(), None).await, Err(StoreError::NotAsked)));
    assert!(matches!(store.0.check().await, Err(StoreError::NotAsked)));
    assert!(!store.0.vitals().nodes[0].is_answering);
    go_on();
    store.check().await.unwrap();
    assert_eq!(store.find(first.id).await.unwrap(), Some(first));
    assert_eq!(store.find(created.id).await.unwrap(), None, "the request was never sent");
    assert_eq!(store.compare_and_set(second.clone(), None).await.unwrap(), Replaced::Yes);
}
