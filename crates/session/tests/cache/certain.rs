//! What is certain about a session in memory, and so how long it is settled.

use std::time::Duration;

use tickseed_session::acceptance::{now, rescheduled, session_with_notice};
use tickseed_session::{
    ANY_SESSION, Clock, FeedPart, Lookup, Notice, ScheduleRequest, Session, SessionService, StoreError,
    Timestamp, When,
};

use super::scripted_store::ScriptedStore;
use super::{LONG, PARTS, Server, answered};

const MILLISECOND: Duration = Duration::from_millis(1);

/// The instant this many seconds after the test has begun.
fn after(seconds: u64) -> Option<Timestamp> {
    now().after(Duration::from_secs(seconds))
}

/// Creates a session with a notice as if on another server, and reads it when the store is certain of everything before now.
async fn read_session(server: &Server) -> Session {
    let session = session_with_notice();
    server.store.put(session.clone());
    server.store.is_certain(after(0));
    assert_eq!(certain(server, &session).await, after(0));
    // The store is asked only while it is read.
    server.store.is_certain(None);
    session
}

/// Finds exactly this session, and returns what is certain about it.
async fn certain(server: &Server, expected: &Session) -> Option<Timestamp> {
    let lookup = server.service.find(expected.id).await.unwrap();
    assert_eq!(lookup.session.session(), expected);
    lookup.certain
}

fn part_of(session: &Session) -> FeedPart {
    PARTS[usize::from(session.id.as_bytes()[15] & 1)]
}

fn proves(server: &Server, part: FeedPart, certain: Option<Timestamp>) {
    server.store.subscriber().caught_up_to(part, server.clock.uptime(), certain);
}

#[tokio::test]
async fn a_proof_of_the_feed_makes_more_certain_without_a_read() {
    let server = Server::new();
    let session = read_session(&server).await;
    assert_eq!(certain(&server, &session).await, after(0));
    for seconds in [5, 6] {
        proves(&server, part_of(&session), after(seconds));
        let Lookup { certain, .. } = server.service.find(session.id).await.unwrap();
        assert_eq!(certain, after(seconds));
    }
    server.has_read(1);
    let lookup = server.service.find(session.id).await.unwrap();
    assert_eq!(lookup.settled_until(), after(6 + 15), "the notice is 15 s");
}

#[tokio::test]
async fn a_proof_from_before_the_read_adds_nothing_to_it() {
    let server = Server::new();
    let session = session_with_notice();
    proves(&server, part_of(&session), after(5));
    server.store.put(session.clone());
    server.store.is_certain(after(9));
    assert_eq!(certain(&server, &session).await, after(9));
    assert_eq!(certain(&server, &session).await, after(9), "the same from memory");
    server.has_read(1);
}

#[tokio::test]
async fn a_proof_that_promises_nothing_leaves_what_the_read_has_found() {
    let server = Server::new();
    let session = read_session(&server).await;
    proves(&server, part_of(&session), after(5));
    proves(&server, part_of(&session), None);
    assert_eq!(certain(&server, &session).await, after(0));
    server.has_read(1);
}

#[tokio::test]
async fn a_proof_of_another_part_says_nothing() {
    let server = Server::new();
    let session = read_session(&server).await;
    let other = PARTS[usize::from(part_of(&session) == PARTS[0])];
    assert_ne!(other, part_of(&session));
    proves(&server, other, after(5));
    assert_eq!(certain(&server, &session).await, after(0));
}

#[tokio::test]
async fn a_proof_of_a_later_generation_says_nothing_about_what_was_read_before() {
    let server = Server::new();
    let session = read_session(&server).await;
    server.restarts();
    proves(&server, part_of(&session), after(5));
    // The session is stale, and the store says nothing about it.
    server.store.fails(true);
    let lookup = server.service.find(session.id).await.unwrap();
    assert!(lookup.age.is_some());
    assert_eq!((lookup.certain, lookup.settled_until()), (after(0), after(15)));
    server.store.fails(false);
    server.store.is_certain(after(7));
    assert_eq!(certain(&server, &session).await, after(7));
}

/// A promise is about instants, so it stays true however old the answer is.
#[tokio::test]
async fn a_stale_session_is_as_certain_as_the_last_proof() {
    let server = Server::new();
    let session = read_session(&server).await;
    proves(&server, part_of(&session), after(5));
    server.time_passes(LONG);
    server.store.fails(true);
    let lookup = server.service.find(session.id).await.unwrap();
    assert_eq!((lookup.age, lookup.certain), (Some(LONG), after(5)));
}

#[tokio::test]
async fn a_reported_change_is_in_the_session_that_a_later_proof_covers() {
    let server = Server::new();
    let session = read_session(&server).await;
    let changed = rescheduled(&session, 1);
    server.reports(&changed);
    proves(&server, part_of(&session), after(5));
    assert_eq!(certain(&server, &changed).await, after(5));
    server.has_read(1);
}

#[tokio::test]
async fn a_change_without_its_record_ends_what_proofs_say() {
    let server = Server::new();
    let session = read_session(&server).await;
    server.reports_without_record(&rescheduled(&session, 1));
    proves(&server, part_of(&session), after(5));
    server.store.fails(true);
    let lookup = server.service.find(session.id).await.unwrap();
    assert!(lookup.age.is_some());
    assert_eq!((lookup.session.session(), lookup.certain), (&session, after(0)));
}

/// What becomes visible while the store reads may be missing in its answer.
#[tokio::test]
async fn a_read_is_as_certain_as_its_beginning() {
    let server = Server::new();
    let session = session_with_notice();
    server.store.put(session.clone());
    server.store.is_certain(after(1));
    server.store.holds_back(true);
    let first = server.start_to_find(session.id);
    server.reads(1).await;
    server.store.is_certain(after(9));
    let second = server.start_to_find(session.id);
    tokio::task::yield_now().await;
    server.store.holds_back(false);
    for finding in [first, second] {
        assert_eq!(answered(finding).await.certain, after(1));
    }
    server.has_read(1);
}

#[tokio::test]
async fn a_change_of_this_server_is_as_certain_as_the_moment_before_its_write() {
    let server = Server::new();
    let session = read_session(&server).await;
    server.store.is_certain(after(3));
    server.store.holds_back(true);
    let (service, id): (SessionService, _) = (server.service.clone(), session.id);
    let pause = ScheduleRequest::Pause(When::default());
    let changing = tokio::spawn(async move { service.change(id, pause, ANY_SESSION).await });
    while server.store.writes() == 0 {
        tokio::task::yield_now().await;
    }
    server.store.is_certain(after(9));
    server.store.holds_back(false);
    let changed = changing.await.unwrap().unwrap();
    assert_eq!(changed.session.session().schedule.changes().len(), 1);
    assert_eq!((changed.certain, changed.settled_until()), (after(3), after(3 + 15)));
}

#[tokio::test]
async fn a_session_without_a_notice_is_never_settled() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.store.is_certain(after(0));
    let lookup = server.service.find(session.id).await.unwrap();
    assert_eq!((lookup.certain, lookup.settled_until()), (after(0), None));
}

/// A reader must have some of the notice left.
#[tokio::test]
async fn without_a_feed_a_session_is_trusted_for_a_third_of_its_notice() {
    for (notice_ms, trusted) in [(90, 30), (299, 99), (300, 100), (86_400_000, 100)] {
        let server = Server::over(ScriptedStore::default(), 64);
        let notice = Notice::from_millis(notice_ms).unwrap();
        let session = Session { notice, ..session_with_notice() };
        server.store.put(session.clone());
        server.store.is_certain(after(0));
        server.finds(&session).await;
        server.store.is_certain(after(5));
        server.time_passes(Duration::from_millis(trusted));
        assert_eq!(certain(&server, &session).await, after(0), "{notice_ms}");
        server.has_read(1);
        server.time_passes(MILLISECOND);
        assert_eq!(certain(&server, &session).await, after(5), "{notice_ms}");
        server.has_read(2);
    }
}

/// What the feed has proved since includes the change, and the session in memory does not.
#[tokio::test]
async fn a_change_that_cannot_be_read_is_not_promised_away() {
    let server = Server::new();
    let session = read_session(&server).await;
    let changed = rescheduled(&session, 1);
    server.reports_record(&changed, || Err(StoreError::unavailable("a later version wrote it")));
    proves(&server, part_of(&session), after(5));
    server.time_passes(LONG);
    server.store.fails(true);
    for _ in 0..2 {
        assert_eq!(certain(&server, &session).await, after(0));
    }
}

/// Memory that is kept fresh by a server's own writes is as certain as the last of them.
#[tokio::test]
async fn without_a_feed_a_write_makes_certain_what_was_visible_before_it() {
    let server = Server::over(ScriptedStore::default(), 64);
    let session = read_session(&server).await;
    server.store.is_certain(after(3));
    let pause = ScheduleRequest::Pause(When::default());
    let changed = server.service.change(session.id, pause, ANY_SESSION).await.unwrap();
    server.store.is_certain(None);
    assert_eq!(certain(&server, changed.session.session()).await, after(3));
    server.has_read(1);
}
