//! Removal of expired sessions.

use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tickseed_server::app::Options;
use tickseed_session::acceptance::session;
use tickseed_session::{Created, SessionStore};
use tickseed_store::EmbeddedStore;
use tokio::task::JoinSet;

use crate::support::{DEADLINE, LOOK_EVERY, LocalServer, TestClock};

/// More sessions than the store removes in one transaction.
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
    server.clock.pass(Duration::from_millis(59_999));
    assert!(store.find(created[0].1).await.unwrap().is_some());
    server.clock.pass(Duration::from_millis(1));
    let removal = async {
        for (_, id) in created {
            while store.find(id).await.unwrap().is_some() {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
    };
    tokio::time::timeout(DEADLINE, removal).await.expect("all are removed in time");
}
