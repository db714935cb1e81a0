//! A clock that is set while the server runs.

use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tickseed_server::app::Options;
use tickseed_store::EmbeddedStore;

use crate::support::{LocalServer, NOW, TestClock};

/// Returns the name and the time that the server gives.
async fn time(server: &LocalServer) -> (String, i64) {
    let time = server.api.get("/v1/time").await.json();
    (time["server"].as_str().unwrap().to_owned(), time["sent_us"].as_i64().unwrap())
}

#[tokio::test]
async fn a_clock_that_is_set_gives_its_time_under_another_name() {
    let (folder, clock) = (TempDir::new().unwrap(), TestClock::stopped());
    let store = EmbeddedStore::open(folder.path(), Arc::new(clock.clone())).unwrap();
    let server = LocalServer::with_store(Arc::new(store), clock.clone(), Options::default());
    let (name, before) = time(&server).await;
    clock.pass(Duration::from_hours(1));
    assert_eq!(time(&server).await, (name.clone(), before + 3_600_000_000), "time has passed");
    clock.advance(Duration::from_secs(2));
    let (second, after) = time(&server).await;
    assert_eq!(after, before + 3_602_000_000, "the first answer after the step has the new name already");
    assert_ne!(second, name);
    assert_eq!(time(&server).await.0, second);
    clock.set(NOW);
    let (third, _) = time(&server).await;
    assert!(third != second && third != name);
}
