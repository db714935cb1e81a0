//! Changes of a session that memory does not know well enough.

use std::time::Duration;

use tickseed_engine::Change;
use tickseed_session::acceptance::now;
use tickseed_session::{
    ANY_SESSION, ReadySession, Revision, ScheduleError, ScheduleRequest, ServiceError, Session, Timestamp,
    When,
};

use super::Server;

const RESUME: ScheduleRequest = ScheduleRequest::Resume(When { at: None, replace_later: false }, None);

/// Pauses a session as if on another server. The feed does not report it yet.
fn paused_elsewhere(server: &Server, session: &Session) -> Session {
    let paused = session.rescheduled(&[Change::pause(now().millis() - 1_000).unwrap()]).unwrap();
    server.store.put(paused.clone());
    paused
}

#[tokio::test]
async fn a_change_that_builds_on_one_of_another_server_is_not_refused() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.finds(&session).await;
    let paused = paused_elsewhere(&server, &session);
    let resumed = server.service.change(session.id, RESUME, ANY_SESSION).await.unwrap();
    assert_eq!(resumed.session.session().revision, paused.revision.next());
}

#[tokio::test]
async fn a_caller_may_expect_a_change_of_another_server() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.finds(&session).await;
    let paused = paused_elsewhere(&server, &session);
    let expected = |session: &ReadySession| session.session().revision == paused.revision;
    let stopped = server.service.stop(session.id, None, &expected).await.unwrap();
    assert_eq!(stopped.session.session().revision, paused.revision.next());
    assert!(matches!(
        server.service.stop(session.id, None, &expected).await,
        Err(ServiceError::ChangedMeanwhile)
    ));
}

#[tokio::test]
async fn a_refusal_reads_the_store_once() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.finds(&session).await;
    let refused = server.service.change(session.id, RESUME, ANY_SESSION).await;
    assert!(matches!(refused, Err(ServiceError::Schedule(ScheduleError::NotPaused { .. }))));
    server.has_read(2);
    let none = |session: &ReadySession| session.session().revision == Revision::MAX;
    let refused = server.service.change(session.id, RESUME, &none).await;
    assert!(matches!(refused, Err(ServiceError::ChangedMeanwhile)));
    server.has_read(3);
    assert_eq!(server.store.writes(), 0);
}

#[tokio::test]
async fn a_change_that_memory_allows_reads_nothing() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.finds(&session).await;
    let pause = ScheduleRequest::Pause(When::default());
    server.service.change(session.id, pause, ANY_SESSION).await.unwrap();
    server.has_read(1);
}

fn pause_at(millis: i64) -> Change {
    Change::pause(now().millis() + millis).unwrap()
}

#[tokio::test]
async fn an_attempt_that_comes_second_takes_back_only_what_its_caller_could_know() {
    let server = Server::new();
    let at = Timestamp::from_millis(now().millis() + 5_000).unwrap();
    let pause = ScheduleRequest::Pause(When { at: Some(at), replace_later: true });
    for request in [pause, ScheduleRequest::Withdraw(Some(at)), ScheduleRequest::Withdraw(None)] {
        let known = server.created_elsewhere().rescheduled(&[pause_at(10_000)]).unwrap();
        server.store.put(known.clone());
        server.finds(&known).await;
        let resume = Change::new(now().millis() + 20_000, 1).unwrap();
        let changed = known.rescheduled(&[pause_at(10_000), resume]).unwrap();
        server.store.put(changed.clone());
        // The first attempt loses against the change that memory has not heard of.
        let refused = server.service.change(known.id, request, ANY_SESSION).await;
        let Err(ServiceError::Schedule(ScheduleError::NewLaterChanges { changes, .. })) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(changes, [pause_at(10_000), resume]);
        server.finds(&changed).await;
        // Whoever asks again has seen it.
        server.service.change(known.id, request, ANY_SESSION).await.unwrap();
    }
}

/// It is the earlier change that refuses it, not the time that the look in the store has taken.
#[tokio::test]
async fn a_refusal_that_is_confirmed_late_names_its_cause() {
    let server = Server::new();
    let session = server.created_elsewhere();
    let paused = paused_elsewhere(&server, &session);
    server.finds(&paused).await;
    let at = now().after(Duration::from_millis(1));
    let pause = ScheduleRequest::Pause(When { at, replace_later: false });
    server.store.holds_back(true);
    let (service, id) = (server.service.clone(), session.id);
    let changing = tokio::spawn(async move { service.change(id, pause, ANY_SESSION).await });
    while server.store.reads() < 2 {
        tokio::task::yield_now().await;
    }
    server.clock.advance(Duration::from_millis(10));
    server.store.holds_back(false);
    let refused = changing.await.unwrap();
    assert!(
        matches!(refused, Err(ServiceError::Schedule(ScheduleError::AlreadyPaused { .. }))),
        "{refused:?}"
    );
    assert_eq!(server.store.writes(), 0);
}
