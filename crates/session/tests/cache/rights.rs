//! The control token of a session that memory knows, and that another server may have replaced.

use std::time::Duration;

use futures_util::future::join_all;
use tickseed_session::acceptance::session_with_notice;
use tickseed_session::{
    ANY_SESSION, ControlHash, Creator, KeyName, Notice, ReadySession, ServiceError, Session, WriteId,
};

use tokio::time::{sleep, timeout};

use super::Server;
use super::reads::new;

const FIRST: ControlHash = ControlHash::new([1; ControlHash::BYTES]);
const SECOND: ControlHash = ControlHash::new([2; ControlHash::BYTES]);

fn has(control: ControlHash) -> impl Fn(&ReadySession) -> bool + Send + Sync {
    move |ready| ready.session().control == Some(control)
}

#[tokio::test]
async fn a_session_notes_its_creator() {
    let server = Server::new();
    let creator = Creator { control: Some(FIRST), key: KeyName::new("studio").ok() };
    let created = server.service.create_for(creator.clone(), new()).await.unwrap();
    let session = server.store.only_session();
    assert_eq!(Creator { control: session.control, key: session.key.clone() }, creator);
    assert_eq!(created.session.session(), &session);
    let plain = server.service.create(new()).await.unwrap();
    assert_eq!((plain.session.session().control, &plain.session.session().key), (None, &None));
}

#[tokio::test]
async fn a_token_that_another_server_has_replaced_is_read_once() {
    let server = Server::new();
    let first = server.created_elsewhere().controlled_by(FIRST);
    server.store.put(first.clone());
    server.finds(&first).await;
    server.has_read(1);
    let found = server.service.find_expected(first.id, &has(FIRST)).await.unwrap();
    assert_eq!(found.session.session(), &first);
    server.has_read(1);

    let second = first.controlled_by(SECOND);
    server.store.put(second.clone());
    let found = server.service.find_expected(first.id, &has(SECOND)).await.unwrap();
    assert_eq!(found.session.session(), &second);
    server.has_read(2);
    let found = server.service.find_expected(first.id, &has(FIRST)).await.unwrap();
    assert_eq!(found.session.session(), &second, "the caller decides what that means");
    server.has_read(3);
}

/// A flood of tokens that nobody has.
#[tokio::test(start_paused = true)]
async fn callers_that_expect_something_else_share_a_read() {
    let server = Server::new();
    let session = server.created_elsewhere().controlled_by(FIRST);
    server.store.put(session.clone());
    server.finds(&session).await;
    server.has_read(1);
    let expected = has(SECOND);
    let flood = (0..200).map(|_| server.service.find_expected(session.id, &expected));
    for found in join_all(flood).await {
        assert_eq!(found.unwrap().session.session(), &session);
    }
    server.has_read(2);
    // Callers that come while the store is being read share the next read, which begins after that.
    server.store.holds_back(true);
    let late = async || {
        let flood = (0..100).map(|_| server.service.find_expected(session.id, &expected));
        join_all(flood).await
    };
    let others = async {
        sleep(Duration::from_millis(60)).await;
        server.has_read(3);
        let (next, ()) = tokio::join!(late(), async {
            sleep(Duration::from_millis(200)).await;
            server.has_read(3);
            server.store.holds_back(false);
        });
        assert!(next.iter().all(Result::is_ok));
    };
    tokio::join!(late(), others);
    server.has_read(4);
}

/// Each session gets a read of its own, so there is a limit for all of them.
#[tokio::test(start_paused = true)]
async fn few_sessions_are_read_once_more_at_the_same_time() {
    let server = Server::new();
    let mut ids = Vec::new();
    for _ in 0..40 {
        let session = server.created_elsewhere().controlled_by(FIRST);
        server.store.put(session.clone());
        server.finds(&session).await;
        ids.push(session.id);
    }
    server.has_read(40);
    let expected = has(SECOND);
    let found = join_all(ids.iter().map(|id| server.service.find_expected(*id, &expected))).await;
    let refused = found.iter().filter(|found| matches!(found, Err(ServiceError::TooManyLooks))).count();
    assert_eq!((found.iter().filter(|found| found.is_ok()).count(), refused), (16, 24));
    server.has_read(56);
    // Whoever gives up makes room.
    for _ in 0..3 {
        let looks = join_all(ids.iter().map(|id| server.service.find_expected(*id, &expected)));
        assert!(timeout(Duration::from_millis(10), looks).await.is_err());
    }
    server.has_read(56);
    assert!(server.service.find_expected(ids[39], &expected).await.is_ok());
}

/// Memory still has the former token, so only the store can refuse it.
#[tokio::test]
async fn a_replaced_token_changes_nothing_even_if_memory_still_has_it() {
    let server = Server::new();
    let first = server.created_elsewhere().controlled_by(FIRST);
    server.store.put(first.clone());
    server.finds(&first).await;
    let second = first.controlled_by(SECOND);
    server.store.put(second.clone());
    for replaced in [
        server.service.stop(first.id, None, &has(FIRST)).await,
        server.service.replace_control(first.id, FIRST, &has(FIRST)).await,
    ] {
        assert!(matches!(replaced, Err(ServiceError::ChangedMeanwhile)));
    }
    assert_eq!(server.store.only_session(), second);
}

#[tokio::test]
async fn a_new_token_changes_nothing_but_the_revision() {
    for session in [Server::new().created_elsewhere(), session_with_notice()] {
        let server = Server::new();
        server.store.put(session.clone());
        let replaced = server.service.replace_control(session.id, SECOND, ANY_SESSION).await.unwrap();
        let replaced = replaced.session.session();
        let expected = Session {
            control: Some(SECOND),
            revision: session.revision.next(),
            write: replaced.write,
            ..session.clone()
        };
        assert_eq!((replaced, &server.store.only_session()), (&expected, &expected));
        assert_eq!(replaced.write == WriteId::NONE, session.notice == Notice::NONE);
    }
}
