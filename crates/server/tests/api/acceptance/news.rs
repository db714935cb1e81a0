//! What every store promises to those who follow it.

use std::sync::Arc;

use tickseed_server::session::{
    Clock, Created, News, Replaced, Session, SessionStore, SystemClock, Timestamp,
};
use tokio::task::JoinSet;

use super::{Handles, now, session};
use crate::follower::{TestFollower, Told};

/// How many replace sessions at the same time, and how many each of them.
const REPLACERS: usize = 32;
const REPLACED_BY_EACH: usize = 8;

/// Holds a store to what it promises to those who follow it. `follower` follows the first handle since before anything was
/// replaced.
pub(super) async fn acceptance(handles: &Handles, follower: &Arc<TestFollower>) {
    assert!(matches!(follower.first().await, Told::Begins(_)), "{:?}", follower.first().await);
    tells_every_replacement_whoever_made_it(handles, follower).await;
    tells_nothing_that_was_refused(handles, follower).await;
    says_how_far_it_has_told(follower).await;
    has_told_what_was_answered_before_it_says_so(handles, follower).await;
    assert_eq!(follower.begins(), 1, "the news were never lost");
}

async fn tells_every_replacement_whoever_made_it(handles: &Handles, follower: &TestFollower) {
    for store in handles {
        let first = created(&**store).await;
        let mut replaced = first.clone();
        for _ in 0..3 {
            replaced = replaced.stopped(now());
            assert_eq!(store.replace(replaced.clone(), None).await.unwrap(), Replaced::Yes);
            follower.is_up_to_date().await;
            assert!(follower.knows_of(&replaced));
        }
        assert!(!follower.knows_of(&first), "it was created");
    }
}

async fn tells_nothing_that_was_refused(handles: &Handles, follower: &TestFollower) {
    for store in handles {
        let missing = session(0).stopped(now());
        let (kept, late) = (created(&**store).await, created(&**store).await);
        let (skipping, late) = (kept.stopped(now()).stopped(now()), late.stopped(now()));
        assert_eq!(store.replace(missing.clone(), None).await.unwrap(), Replaced::No);
        assert_eq!(store.replace(kept.clone(), None).await.unwrap(), Replaced::No);
        assert_eq!(store.replace(skipping.clone(), None).await.unwrap(), Replaced::No);
        assert_eq!(store.replace(late.clone(), Some(now())).await.unwrap(), Replaced::No);
        follower.is_up_to_date().await;
        assert!([missing, kept, skipping, late].iter().all(|refused| !follower.knows_of(refused)));
    }
}

/// Only stores that tell soon have to say so.
async fn says_how_far_it_has_told(follower: &TestFollower) {
    if follower.first().await == Told::Begins(News::AtOnce) {
        return;
    }
    for _ in 0..3 {
        follower.is_up_to_date().await;
    }
    let told_until = follower.told_until();
    assert!(told_until.is_sorted() && told_until.last() <= Some(&SystemClock.uptime()));
}

/// Many replace through both handles and look, as soon as it is said that everything until then was told, whether it was.
async fn has_told_what_was_answered_before_it_says_so(handles: &Handles, follower: &Arc<TestFollower>) {
    let mut replacers = JoinSet::new();
    for store in handles.iter().cycle().take(REPLACERS) {
        replacers.spawn(replace_and_look(Arc::clone(store), Arc::clone(follower)));
    }
    replacers.join_all().await;
}

async fn replace_and_look(store: Arc<dyn SessionStore>, follower: Arc<TestFollower>) {
    let mut replaced = created(&*store).await;
    for millis in 0..REPLACED_BY_EACH {
        let stopped_at = Timestamp::from_millis(i64::try_from(millis).unwrap()).unwrap();
        replaced = replaced.stopped(stopped_at);
        assert_eq!(store.replace(replaced.clone(), None).await.unwrap(), Replaced::Yes);
        follower.is_told_until(SystemClock.uptime()).await;
        assert!(follower.knows_of(&replaced));
    }
}

async fn created(store: &dyn SessionStore) -> Session {
    let session = session(0);
    assert_eq!(store.create(session.clone()).await.unwrap(), Created::Yes);
    session
}
