//! What every store promises to those who follow it.

use std::sync::Arc;
use std::time::Duration;

use tickseed_server::session::{Clock, Created, Replaced, Session, SessionStore, SystemClock, Timestamp};
use tokio::task::JoinSet;

use super::{Handles, now, session};
use crate::follower::{TestFollower, Told};

/// How many replace sessions at the same time, and how many each of them.
const REPLACERS: usize = 32;
const REPLACED_BY_EACH: i64 = 64;

/// Holds a store to what it promises to those who follow it. `follower` follows the first handle since before anything was
/// replaced.
pub(super) async fn acceptance(handles: &Handles, follower: &Arc<TestFollower>) {
    follower.is_up_to_date().await;
    let before_the_first_proof = follower.told_before_the_first_proof();
    assert!(before_the_first_proof.iter().any(|told| matches!(told, Told::Begins(..))));
    tells_every_replacement_whoever_made_it(handles, follower).await;
    tells_nothing_that_was_refused(handles, follower).await;
    says_how_far_it_has_told(follower).await;
    has_told_what_was_answered_before_it_says_so(handles, follower).await;
}

async fn tells_every_replacement_whoever_made_it(handles: &Handles, follower: &TestFollower) {
    for store in handles {
        let first = created(&**store).await;
        let mut replaced = first.clone();
        for _ in 0..3 {
            replaced = replaced.stopped(now());
            assert_eq!(store.replace(replaced.clone(), None).await.unwrap(), Replaced::Yes);
            let answered = [(replaced.clone(), SystemClock.uptime())];
            assert!(!follower.is_told_at_once() || follower.knows_of(&replaced));
            follower.is_up_to_date().await;
            assert_eq!(follower.told_too_late(&answered), Vec::<&Session>::new());
        }
        assert!(!follower.knows_of(&first), "it was created");
    }
}

async fn tells_nothing_that_was_refused(handles: &Handles, follower: &TestFollower) {
    for store in handles {
        let missing = session(0).stopped(now());
        let (kept, late) = (created(&**store).await, created(&**store).await);
        let same = Session { revision: 1, ..kept.stopped(now()) };
        let (skipping, late) = (kept.stopped(now()).stopped(now()), late.stopped(now()));
        assert_eq!(store.replace(missing.clone(), None).await.unwrap(), Replaced::No);
        assert_eq!(store.replace(same.clone(), None).await.unwrap(), Replaced::No);
        assert_eq!(store.replace(skipping.clone(), None).await.unwrap(), Replaced::No);
        assert_eq!(store.replace(late.clone(), Some(now())).await.unwrap(), Replaced::No);
        follower.is_up_to_date().await;
        assert!([missing, same, skipping, late].iter().all(|refused| !follower.knows_of(refused)));
    }
}

/// Only stores that tell soon have to say so.
async fn says_how_far_it_has_told(follower: &TestFollower) {
    if follower.is_told_at_once() {
        return;
    }
    for _ in 0..3 {
        follower.is_up_to_date().await;
    }
    let told_until = follower.told_until();
    assert!(told_until.is_sorted() && told_until.last() <= Some(&SystemClock.uptime()));
}

/// Many replace through both handles, all the time, so that some are being answered whenever it is said how far it is told.
async fn has_told_what_was_answered_before_it_says_so(handles: &Handles, follower: &Arc<TestFollower>) {
    let mut replacers = JoinSet::new();
    for store in handles.iter().cycle().take(REPLACERS) {
        replacers.spawn(replace_and_note(Arc::clone(store), Arc::clone(follower)));
    }
    let answered = replacers.join_all().await.concat();
    follower.is_up_to_date().await;
    assert_eq!(follower.told_too_late(&answered), Vec::<&Session>::new());
}

/// Replaces a session again and again, and gives all that it was with the uptimes at which that was known to be so.
async fn replace_and_note(
    store: Arc<dyn SessionStore>,
    follower: Arc<TestFollower>,
) -> Vec<(Session, Duration)> {
    let tells_at_once = follower.is_told_at_once();
    let mut replaced = created(&*store).await;
    let mut answered = Vec::new();
    for millis in 0..REPLACED_BY_EACH {
        replaced = replaced.stopped(Timestamp::from_millis(millis).unwrap());
        assert_eq!(store.replace(replaced.clone(), None).await.unwrap(), Replaced::Yes);
        answered.push((replaced.clone(), SystemClock.uptime()));
        assert!(!tells_at_once || follower.knows_of(&replaced));
    }
    answered
}

async fn created(store: &dyn SessionStore) -> Session {
    let session = session(0);
    assert_eq!(store.create(session.clone()).await.unwrap(), Created::Yes);
    session
}
