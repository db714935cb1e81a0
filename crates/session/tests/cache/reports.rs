//! Changes that the feed reports with their records, and when such a record is read.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use tickseed_session::acceptance::{DEADLINE, now};
use tickseed_session::{ANY_SESSION, Lookup, Session, StoreError};

use super::{LONG, PARTS, Server, answered, hears};

/// Counts how often records are read.
#[derive(Clone, Default)]
struct Reads(Arc<AtomicU64>);

impl Reads {
    /// Reports a replaced session.
    fn report(&self, server: &Server, session: &Session) {
        let (reads, read) = (self.clone(), session.clone());
        server.reports_record(session, move || {
            reads.0.fetch_add(1, Ordering::SeqCst);
            Ok(read.clone())
        });
    }

    /// Checks how many records have been read.
    fn are(&self, expected: u64) {
        assert_eq!(self.0.load(Ordering::SeqCst), expected);
    }
}

/// Reports a replaced session whose record cannot be read.
fn reports_damaged_record(server: &Server, session: &Session) {
    let id = session.id;
    server.reports_record(session, move || {
        Err(StoreError::Unreadable { id, reason: "it is damaged".to_owned() })
    });
}

/// Waits until listeners have heard everything that has been reported so far.
async fn has_told_everything(server: &Server) {
    let session = server.created_elsewhere();
    let mut listener = server.service.listen(session.id).await.unwrap();
    hears(&mut listener, &session).await;
    let stopped = server.stopped_elsewhere(&session);
    server.reports_without_record(&stopped);
    hears(&mut listener, &stopped).await;
}

/// The thread of the feed also proves that the sessions in memory are fresh, and must get to that however many changes it reports.
#[tokio::test]
async fn the_feed_reads_no_record() {
    let (server, reads) = (Server::new(), Reads::default());
    let [cached, listened_to, read] = [(); 3].map(|()| server.created_elsewhere());
    server.finds(&cached).await;
    let _listener = server.service.listen(listened_to.id).await.unwrap();
    server.store.holds_back(true);
    let reading = server.start_to_find(read.id);
    server.reads(3).await;
    let stopped = [cached, listened_to, read].map(|session| server.stopped_elsewhere(&session));
    for session in &stopped {
        reads.report(&server, session);
    }
    reads.are(0);
    server.store.holds_back(false);
    assert_eq!(*answered(reading).await.session.session(), stopped[2]);
    for session in &stopped {
        server.finds(session).await;
        server.finds(session).await;
    }
    reads.are(3);
    server.has_read(3);
}

/// The feed, and the readers of other sessions, need the locks that all sessions share.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_takes_long_to_read_holds_nobody_up() {
    let server = Server::new();
    let [slow, other, third] = [(); 3].map(|()| server.created_elsewhere());
    server.finds(&slow).await;
    server.finds(&other).await;
    let stopped = server.stopped_elsewhere(&slow);
    let (begin, begun) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let (read, released) = (stopped.clone(), Mutex::new(released));
    server.reports_record(&stopped, move || {
        begin.send(()).unwrap();
        released.lock().unwrap().recv_timeout(DEADLINE).expect("nobody waits for the record");
        Ok(read.clone())
    });
    let reading = server.start_to_find(slow.id);
    begun.recv_timeout(DEADLINE).expect("the record is read");
    let other = server.stopped_elsewhere(&other);
    server.reports(&other);
    server.catches_up();
    server.finds(&other).await;
    server.finds(&third).await;
    let third = server.service.stop(third.id, None, ANY_SESSION).await.unwrap().session;
    server.finds(third.session()).await;
    release.send(()).unwrap();
    assert_eq!(*answered(reading).await.session.session(), stopped);
    server.has_read(3);
}

#[tokio::test]
async fn a_record_is_read_only_if_somebody_needs_it() {
    let (server, reads) = (Server::new(), Reads::default());
    let mut session = server.created_elsewhere();
    reads.report(&server, &server.stopped_elsewhere(&session));
    session = session.stopped(tickseed_session::Timestamp::MAX);
    server.finds(&session).await;
    reads.are(0);
    reads.report(&server, &session);
    server.finds(&session).await;
    reads.are(0);
    for _ in 0..10 {
        session = server.stopped_elsewhere(&session);
        reads.report(&server, &session);
    }
    server.finds(&session).await;
    reads.are(1);
    server.has_read(1);
}

#[tokio::test]
async fn listeners_hear_of_a_change_without_a_read_of_the_store() {
    for megabytes in [0, 64] {
        let (server, reads) = (Server::with_megabytes(megabytes), Reads::default());
        let session = server.created_elsewhere();
        let _updates = server.keeps_listeners_current();
        let mut listener = server.service.listen(session.id).await.unwrap();
        hears(&mut listener, &session).await;
        let mut other = server.service.listen(session.id).await.unwrap();
        hears(&mut other, &session).await;
        has_told_everything(&server).await;
        let before = server.store.reads();
        let stopped = server.stopped_elsewhere(&session);
        reads.report(&server, &stopped);
        hears(&mut listener, &stopped).await;
        hears(&mut other, &stopped).await;
        reads.are(1);
        server.has_read(before);
    }
}

#[tokio::test]
async fn listeners_hear_of_more_changes_than_are_told_at_once() {
    let (server, reads) = (Server::new(), Reads::default());
    let mut listeners = Vec::new();
    for _ in 0..200 {
        let session = server.created_elsewhere();
        let mut listener = server.service.listen(session.id).await.unwrap();
        hears(&mut listener, &session).await;
        let stopped = server.stopped_elsewhere(&session);
        reads.report(&server, &stopped);
        listeners.push((listener, stopped));
    }
    let _updates = server.keeps_listeners_current();
    for (listener, stopped) in &mut listeners {
        hears(listener, stopped).await;
    }
    reads.are(200);
    server.has_read(200);
}

/// The store has lost a change and got another one in its place. The lost one was reported first, so it must not win by
/// reaching the listeners last.
#[tokio::test]
async fn a_report_is_not_told_after_what_came_later() {
    let server = Server::new();
    let session = server.created_elsewhere();
    let mut listener = server.service.listen(session.id).await.unwrap();
    hears(&mut listener, &session).await;
    let updates = server.keeps_listeners_current();
    has_told_everything(&server).await;
    drop(updates);
    let (lost, stored) = (session.stopped(now()), server.stopped_elsewhere(&session));
    assert_ne!(lost, stored);
    server.reports(&lost);
    server.time_passes(LONG);
    server.finds(&stored).await;
    let _updates = server.keeps_listeners_current();
    has_told_everything(&server).await;
    hears(&mut listener, &stored).await;
}

#[tokio::test]
async fn a_session_whose_reported_record_cannot_be_read_is_read_from_the_store() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.finds(&session).await;
    let stopped = server.stopped_elsewhere(&session);
    reports_damaged_record(&server, &stopped);
    server.finds(&stopped).await;
    server.finds(&stopped).await;
    server.has_read(2);
}

/// The read began before the change. Its result is out of date for a caller who came after the change.
#[tokio::test]
async fn a_record_that_cannot_be_read_makes_a_read_in_flight_start_again() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.store.holds_back(true);
    let before = server.start_to_find(session.id);
    server.reads(1).await;
    let stopped = server.stopped_elsewhere(&session);
    reports_damaged_record(&server, &stopped);
    let after = server.start_to_find(session.id);
    tokio::task::yield_now().await;
    server.store.holds_back(false);
    assert_eq!(*answered(after).await.session.session(), stopped);
    assert_eq!(*answered(before).await.session.session(), stopped);
    server.has_read(2);
}

#[tokio::test]
async fn a_reported_change_is_known_when_the_store_fails() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.finds(&session).await;
    let stopped = server.stopped_elsewhere(&session);
    server.reports(&stopped);
    server.store.subscriber().restarted(PARTS[0]);
    server.store.subscriber().restarted(PARTS[1]);
    server.store.fails(true);
    server.time_passes(LONG);
    let Lookup { session: found, age, .. } = server.service.find(session.id).await.unwrap();
    assert_eq!((found.session(), age), (&stopped, Some(LONG)));
}
