//! What every store promises: one suite, called once for each backend.

mod backends;
mod news;

use std::sync::Arc;
use std::time::Duration;

use tickseed_engine::{BreakInterval, Rules, Schedule, Seed};
use tickseed_server::session::{
    Created, Metadata, NewSession, Replaced, Session, SessionId, SessionStore, TimeToLive, Timestamp,
};
use tokio::task::JoinSet;

use crate::follower::TestFollower;
use crate::support::{DEADLINE, NOW};

/// Two ways to the same sessions, as two servers have them; one and the same if only one process can use the store.
type Handles = [Arc<dyn SessionStore>; 2];

/// Holds a store, whose clock stands at [`NOW`], to its contract.
async fn acceptance(handles: Handles) {
    for handle in &handles {
        handle.check().await.expect("the store can be read");
    }
    let [one, other] = &handles;
    let follower = TestFollower::of(&**one);
    gives_back_what_it_was_given(&**one, &**other).await;
    creates_an_id_once(&handles).await;
    replaces_only_the_revision_before(&**one, &**other).await;
    replaces_before_the_deadline_only(&**one).await;
    lets_one_of_many_replacements_through(&handles).await;
    removes_what_has_expired(&**one).await;
    news::acceptance(&handles, &follower).await;
}

fn now() -> Timestamp {
    Timestamp::parse(NOW).unwrap()
}

/// A new session that is kept for so long; 0 is for ever.
pub(crate) fn session(seconds: u32) -> Session {
    let new = NewSession {
        created_at: now(),
        seed: None,
        schedule: Schedule::new(0, 1).unwrap(),
        rules: Rules::default(),
        metadata: None,
        time_to_live: Some(TimeToLive::from_seconds(seconds)),
    };
    let seed = Seed::new("a seed").unwrap();
    Session::create(SessionId::random(now()), seed, new, TimeToLive::from_seconds(0))
}

async fn gives_back_what_it_was_given(one: &dyn SessionStore, other: &dyn SessionStore) {
    let plain = session(0);
    let metadata = r#"{"z":1,"a":[0.1,-1e300,"é\u0000",{"":null}],"revision":7}"#;
    let full = Session {
        seed: Seed::new(&"\u{10ffff}".repeat(32)).unwrap(),
        schedule: Schedule::new(tickseed_engine::LAST_INSTANT, 86_400_000).unwrap(),
        rules: Rules::new(BreakInterval::new(1, 1_000_000).unwrap(), 256).unwrap(),
        metadata: Some(Metadata::new(serde_json::from_str(metadata).unwrap()).unwrap()),
        stopped_at: Some(Timestamp::MAX),
        expires_at: Some(Timestamp::MAX),
        revision: u64::MAX,
        ..session(0)
    };
    let replaced = Session { revision: u64::MAX - 1, id: SessionId::random(now()), ..full.clone() };
    for session in [&plain, &full, &replaced] {
        assert_eq!(other.find(session.id).await.unwrap(), None);
        assert_eq!(one.create(session.clone()).await.unwrap(), Created::Yes);
        assert_eq!(other.find(session.id).await.unwrap().as_ref(), Some(session));
    }
    let replaced = replaced.stopped(now());
    assert_eq!(other.replace(replaced.clone(), None).await.unwrap(), Replaced::Yes);
    assert_eq!(one.find(replaced.id).await.unwrap(), Some(replaced));
}

async fn creates_an_id_once(handles: &Handles) {
    let first = session(0);
    let mut creates = JoinSet::new();
    for (tick_ms, store) in (1..=32).zip(handles.iter().cycle()) {
        let (store, schedule) = (Arc::clone(store), Schedule::new(0, tick_ms).unwrap());
        let session = Session { schedule, ..first.clone() };
        creates.spawn(async move { (store.create(session.clone()).await.unwrap(), session) });
    }
    let created = creates.join_all().await;
    let kept: Vec<_> = created.into_iter().filter(|(created, _)| *created == Created::Yes).collect();
    assert_eq!(kept.len(), 1);
    for store in handles {
        assert_eq!(store.find(first.id).await.unwrap().as_ref(), Some(&kept[0].1));
    }
}

async fn replaces_only_the_revision_before(one: &dyn SessionStore, other: &dyn SessionStore) {
    let first = session(0);
    assert_eq!(one.replace(first.stopped(now()), None).await.unwrap(), Replaced::No, "it is not there");
    assert_eq!(one.find(first.id).await.unwrap(), None);
    assert_eq!(one.create(first.clone()).await.unwrap(), Created::Yes);
    let second = first.stopped(now());
    let third = second.stopped(now());
    let unborn = Session { revision: 0, ..second.clone() };
    let same = Session { revision: 1, ..second.clone() };
    assert_eq!(other.replace(unborn, None).await.unwrap(), Replaced::No, "no revision comes before it");
    assert_eq!(other.replace(third.clone(), None).await.unwrap(), Replaced::No, "a revision is missing");
    assert_eq!(other.replace(same, None).await.unwrap(), Replaced::No, "the same revision");
    assert_eq!(one.find(first.id).await.unwrap().as_ref(), Some(&first));
    assert_eq!(other.replace(second.clone(), None).await.unwrap(), Replaced::Yes);
    let again = first.stopped(Timestamp::MAX);
    assert_eq!(one.replace(again, None).await.unwrap(), Replaced::No, "once");
    assert_eq!(other.find(first.id).await.unwrap(), Some(second));
    assert_eq!(one.replace(third.clone(), None).await.unwrap(), Replaced::Yes);
    assert_eq!(other.find(third.id).await.unwrap(), Some(third));
}

async fn replaces_before_the_deadline_only(store: &dyn SessionStore) {
    let first = session(0);
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    let second = first.stopped(now());
    let over = [now(), now().before(Duration::from_millis(1))];
    for deadline in over {
        assert_eq!(store.replace(second.clone(), Some(deadline)).await.unwrap(), Replaced::No);
        assert_eq!(store.find(first.id).await.unwrap().as_ref(), Some(&first));
    }
    // Not a moment later: the clock of Redis goes on while that of the test stands still.
    let deadline = now().after(DEADLINE);
    assert_eq!(store.replace(second.clone(), deadline).await.unwrap(), Replaced::Yes);
    assert_eq!(store.find(first.id).await.unwrap(), Some(second));
}

async fn lets_one_of_many_replacements_through(handles: &Handles) {
    let first = session(0);
    assert_eq!(handles[0].create(first.clone()).await.unwrap(), Created::Yes);
    let mut replacements = JoinSet::new();
    for (millis, store) in (0..64).zip(handles.iter().cycle()) {
        let (store, second) = (Arc::clone(store), first.stopped(Timestamp::from_millis(millis).unwrap()));
        replacements.spawn(async move { (store.replace(second.clone(), None).await.unwrap(), second) });
    }
    let replaced = replacements.join_all().await;
    let kept: Vec<_> = replaced.into_iter().filter(|(replaced, _)| *replaced == Replaced::Yes).collect();
    assert_eq!(kept.len(), 1);
    for store in handles {
        assert_eq!(store.find(first.id).await.unwrap().as_ref(), Some(&kept[0].1));
    }
}

async fn removes_what_has_expired(store: &dyn SessionStore) {
    let (kept, late, changed) = (session(0), session(61), session(30));
    for session in [&kept, &late, &changed] {
        assert_eq!(store.create(session.clone()).await.unwrap(), Created::Yes);
    }
    // A session that is removed although it has changed, and only once.
    assert_eq!(store.replace(changed.stopped(now()), None).await.unwrap(), Replaced::Yes);
    let mut expired = vec![changed];
    for _ in 0..20 {
        let session = session(60);
        assert_eq!(store.create(session.clone()).await.unwrap(), Created::Yes);
        expired.push(session);
    }
    let then = now().after(Duration::from_mins(1)).unwrap();
    let removed = store.remove_expired(then).await.unwrap();
    assert!(
        removed == expired.len() as u64 || removed == 0,
        "all, or the store does so by itself: {removed}"
    );
    assert_eq!(store.remove_expired(then).await.unwrap(), 0);
    for session in [kept, late] {
        assert!(store.find(session.id).await.unwrap().is_some());
    }
}
