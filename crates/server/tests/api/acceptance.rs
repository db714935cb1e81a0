//! What every store promises: one suite, called once for each backend.

use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tickseed_engine::{BreakInterval, Rules, Schedule, Seed};
use tickseed_server::app::Options;
use tickseed_server::session::{
    Created, Metadata, NewSession, Replaced, Session, SessionId, SessionStore, TimeToLive, Timestamp,
};
use tickseed_server::store::EmbeddedStore;
use tokio::task::JoinSet;

use crate::support::{DEADLINE, LocalServer, NOW, TestClock};

/// Holds a store, whose clock stands at [`NOW`], to its contract.
async fn acceptance(store: Arc<dyn SessionStore>) {
    store.check().await.expect("the store can be read");
    gives_back_what_it_was_given(&*store).await;
    creates_an_id_once(&store).await;
    replaces_only_the_revision_before(&*store).await;
    replaces_before_the_deadline_only(&*store).await;
    lets_one_of_many_replacements_through(&store).await;
    removes_what_has_expired(&*store).await;
}

fn now() -> Timestamp {
    Timestamp::parse(NOW).unwrap()
}

fn session(seconds: u32) -> Session {
    let new = NewSession {
        created_at: now(),
        seed: None,
        schedule: Schedule::new(0, 1).unwrap(),
        rules: Rules::default(),
        metadata: None,
        time_to_live: Some(TimeToLive::from_seconds(seconds)),
    };
    let seed = Seed::new("a seed").unwrap();
    Session::create(SessionId::random(), seed, new, TimeToLive::from_seconds(0))
}

async fn gives_back_what_it_was_given(store: &dyn SessionStore) {
    let plain = session(0);
    let metadata = r#"{"z":1,"a":[0.1,-1e300,"é\u0000",{"":null}]}"#;
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
    for session in [plain, full] {
        assert_eq!(store.find(session.id).await.unwrap(), None);
        assert_eq!(store.create(session.clone()).await.unwrap(), Created::Yes);
        assert_eq!(store.find(session.id).await.unwrap(), Some(session));
    }
}

async fn creates_an_id_once(store: &Arc<dyn SessionStore>) {
    let first = session(0);
    let mut creates = JoinSet::new();
    for tick_ms in 1..=32 {
        let (store, schedule) = (Arc::clone(store), Schedule::new(0, tick_ms).unwrap());
        let session = Session { schedule, ..first.clone() };
        creates.spawn(async move { (store.create(session.clone()).await.unwrap(), session) });
    }
    let created = creates.join_all().await;
    let kept: Vec<_> = created.into_iter().filter(|(created, _)| *created == Created::Yes).collect();
    assert_eq!(kept.len(), 1);
    assert_eq!(store.find(first.id).await.unwrap().as_ref(), Some(&kept[0].1));
}

async fn replaces_only_the_revision_before(store: &dyn SessionStore) {
    let first = session(0);
    assert_eq!(store.replace(first.stopped(now()), None).await.unwrap(), Replaced::No, "it is not there");
    assert_eq!(store.find(first.id).await.unwrap(), None);
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    let second = first.stopped(now());
    let third = second.stopped(now());
    assert_eq!(store.replace(third.clone(), None).await.unwrap(), Replaced::No, "a revision is missing");
    assert_eq!(store.replace(first.clone(), None).await.unwrap(), Replaced::No, "the same revision");
    assert_eq!(store.find(first.id).await.unwrap(), Some(first));
    assert_eq!(store.replace(second.clone(), None).await.unwrap(), Replaced::Yes);
    assert_eq!(store.replace(second.clone(), None).await.unwrap(), Replaced::No, "once");
    assert_eq!(store.replace(third.clone(), None).await.unwrap(), Replaced::Yes);
    assert_eq!(store.find(third.id).await.unwrap(), Some(third));
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
    let deadline = now().after(Duration::from_millis(1));
    assert_eq!(store.replace(second.clone(), deadline).await.unwrap(), Replaced::Yes);
    assert_eq!(store.find(first.id).await.unwrap(), Some(second));
}

async fn lets_one_of_many_replacements_through(store: &Arc<dyn SessionStore>) {
    let first = session(0);
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    let mut replacements = JoinSet::new();
    for millis in 0..64 {
        let (store, second) = (Arc::clone(store), first.stopped(Timestamp::from_millis(millis).unwrap()));
        replacements.spawn(async move { (store.replace(second.clone(), None).await.unwrap(), second) });
    }
    let replaced = replacements.join_all().await;
    let kept: Vec<_> = replaced.into_iter().filter(|(replaced, _)| *replaced == Replaced::Yes).collect();
    assert_eq!(kept.len(), 1);
    assert_eq!(store.find(first.id).await.unwrap().as_ref(), Some(&kept[0].1));
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

#[tokio::test]
async fn the_embedded_store_keeps_its_promises() {
    let folder = TempDir::new().unwrap();
    acceptance(Arc::new(EmbeddedStore::open(folder.path(), Arc::new(TestClock::new())).unwrap())).await;
}

/// More than one transaction of the store removes.
const EXPIRED: usize = 2_500;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_removes_expired_sessions_from_its_store() {
    let folder = TempDir::new().unwrap();
    let clock = TestClock::new();
    let store = Arc::new(EmbeddedStore::open(folder.path(), Arc::new(clock.clone())).unwrap());
    let mut creates = JoinSet::new();
    for _ in 0..EXPIRED {
        let (store, session) = (Arc::clone(&store), session(60));
        creates.spawn(async move { (store.create(session.clone()).await.unwrap(), session.id) });
    }
    let created = creates.join_all().await;
    assert!(created.iter().all(|(created, _)| *created == Created::Yes));

    let options = Options { remove_expired_every: Duration::from_millis(10), ..Options::default() };
    let server = LocalServer::with_store(Arc::clone(&store) as Arc<dyn SessionStore>, clock, options);
    server.clock.set("2026-01-31T12:00:59.999Z");
    assert!(store.find(created[0].1).await.unwrap().is_some());
    server.clock.set("2026-01-31T12:01:00.000Z");
    let gone = async {
        for (_, id) in created {
            while store.find(id).await.unwrap().is_some() {
                tokio::task::yield_now().await;
            }
        }
    };
    tokio::time::timeout(DEADLINE, gone).await.expect("all are removed");
}
