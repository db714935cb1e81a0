//! The control token of a session that memory knows, and that another server may have replaced.

use tickseed_session::acceptance::session_with_notice;
use tickseed_session::{
    ANY_SESSION, ControlHash, Creator, KeyName, Notice, ReadySession, ServiceError, Session, WriteId,
};

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
