//! What the embedded store promises: nothing beyond the beginning of a write that has not ended.

use std::env;
use std::process::{self, Command};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Map;
use tempfile::TempDir;
use tickseed_session::acceptance::{
    DEADLINE, HoldUp, NOW, TestClock, now, rescheduled, session, session_with_notice,
};
use tickseed_session::{Clock, Created, Metadata, Replaced, Session, SessionStore, StoreError};
use tickseed_store::EmbeddedStore;
use tokio::time::{Instant, sleep, timeout};

use super::late_writes::{LOOK_EVERY, SlowDisk};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn nothing_is_certain_after_the_beginning_of_a_write_that_hangs() {
    let (folder, clock) = (TempDir::new().unwrap(), TestClock::new());
    let (disk, first, other) =
        (SlowDisk::open(&folder, &clock), session_with_notice(), session_with_notice());
    for session in [&first, &other] {
        assert_eq!(disk.store.create(session.clone()).await.unwrap(), Created::Yes);
    }
    assert_eq!(disk.store.certain(first.id), Some(now()));
    clock.advance(SECOND);
    let began = clock.now();
    disk.hangs_with(&first).await;
    clock.advance(SECOND);
    // The write is on the disk already, and nobody has heard of it.
    assert_ne!(disk.store.find(first.id).await.unwrap().as_ref(), Some(&first));
    assert_eq!(disk.store.certain(first.id), Some(began));
    assert_eq!(disk.store.certain(other.id), Some(clock.now()));
    disk.end().await;
    let ended = async {
        while disk.store.certain(first.id) != Some(clock.now()) {
            sleep(LOOK_EVERY).await;
        }
    };
    timeout(DEADLINE, ended).await.expect("the write ends");
}

#[tokio::test]
async fn a_write_that_is_refused_holds_nothing_up() {
    let (folder, clock) = (TempDir::new().unwrap(), TestClock::new());
    let store = EmbeddedStore::open(folder.path(), Arc::new(clock.clone())).unwrap();
    let first = session_with_notice();
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    let skipping = rescheduled(&rescheduled(&first, 1), 2);
    assert_eq!(store.compare_and_set(skipping, None).await.unwrap(), Replaced::No);
    clock.advance(SECOND);
    let ended = async {
        while store.certain(first.id) != Some(clock.now()) {
            sleep(LOOK_EVERY).await;
        }
    };
    timeout(DEADLINE, ended).await.expect("the write ends");
}

/// What was certain stays certain, and nothing changes until the clock has caught up.
#[tokio::test]
async fn a_clock_that_is_set_back_makes_no_promises() {
    let (folder, clock) = (TempDir::new().unwrap(), TestClock::new());
    let store = EmbeddedStore::open(folder.path(), Arc::new(clock.clone())).unwrap();
    let id = session(0).id;
    clock.advance(SECOND);
    assert_eq!((store.certain(id), store.terms(id).is_clock_sure), (Some(clock.now()), true));
    clock.set(NOW);
    assert_eq!((store.certain(id), store.terms(id).is_clock_sure), (None, false));
    clock.advance(Duration::from_millis(625));
    let certain = now().after(SECOND);
    assert_eq!((store.certain(id), store.terms(id).is_clock_sure), (certain, true));
    clock.advance(SECOND);
    assert_eq!(store.certain(id), Some(clock.now()));
}

/// A session that takes more room than others.
fn large() -> Session {
    let text = "m".repeat(16 * 1024 - r#"{"a":""}"#.len());
    let metadata = Map::from_iter([("a".to_owned(), text.into())]);
    Session { metadata: Some(Metadata::new(&metadata).unwrap()), ..session(0) }
}

/// Limits the size of the files that this process makes, in bytes, or no longer.
fn limit_files(bytes: Option<u64>) {
    let limit = bytes.map_or("unlimited".to_owned(), |bytes| bytes.to_string());
    let (limit, process) = (format!("--fsize={limit}:"), process::id().to_string());
    let set = Command::new("prlimit").args([&limit, "--pid", &process]).status();
    assert!(set.expect("prlimit is installed (apt-get install util-linux)").success());
}

/// Runs itself in a process of its own, in which a limit on the size of files stands in for a full disk.
#[tokio::test]
async fn a_write_that_fails_ends_no_earlier_than_the_outage() {
    const LIMITED: &str = "PROCESS_WITH_A_FULL_DISK";
    const ITSELF: &str = "promises::a_write_that_fails_ends_no_earlier_than_the_outage";
    if env::var_os(LIMITED).is_some() {
        return fail_a_write().await;
    }
    let mut command = Command::new("bash");
    command
        .args(["-c", "trap '' XFSZ; exec \"$0\" --exact \"$1\""])
        .arg(env::current_exe().unwrap())
        .arg(ITSELF);
    let output = command.env(LIMITED, "yes").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

async fn fail_a_write() {
    let (folder, clock) = (TempDir::new().unwrap(), TestClock::new());
    let store = Arc::new(EmbeddedStore::open(folder.path(), Arc::new(clock.clone())).unwrap());
    let (mut stored, other) = (session_with_notice(), session_with_notice());
    for session in [&stored, &other] {
        assert_eq!(store.create(session.clone()).await.unwrap(), Created::Yes);
    }
    let began = Instant::now();
    // A write may also be refused because another one has failed just before. It has no effect.
    loop {
        limit_files(Some(folder.path().join("sessions.redb").metadata().unwrap().len()));
        let next = rescheduled(&stored, 1);
        let crowd = (0..64).map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.create(large()).await })
        });
        let crowd: Vec<_> = crowd.collect();
        let outcome = store.compare_and_set(next.clone(), None).await;
        for create in crowd {
            drop(create.await.unwrap());
        }
        let since = clock.now();
        clock.advance(SECOND);
        let has_failed = matches!(outcome, Err(StoreError::NotWritable { .. }));
        if has_failed && store.certain(stored.id) == Some(since) {
            break;
        }
        assert_eq!(store.certain(stored.id), Some(clock.now()), "{outcome:?}");
        limit_files(None);
        wait_until_writable(&store).await;
        stored = store.find(stored.id).await.unwrap().unwrap();
        assert!(began.elapsed() < DEADLINE, "no write to the session fails");
    }
    let since = clock.now().before(SECOND);
    clock.advance(SECOND);
    assert_eq!(store.certain(stored.id), Some(since), "the write may show up at any time");
    assert_eq!(store.certain(other.id), Some(clock.now()));
    limit_files(None);
    wait_until_writable(&store).await;
    assert_eq!(store.certain(stored.id), Some(clock.now()));
}

async fn wait_until_writable(store: &EmbeddedStore) {
    let written = async {
        while store.create(session(0)).await.is_err() {
            sleep(LOOK_EVERY).await;
        }
    };
    timeout(DEADLINE, written).await.expect("the outage ends");
}
