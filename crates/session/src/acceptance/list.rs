//! The contract of a store: the list of its sessions.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Handles, now, session};
use crate::{Created, Deleted, Replaced, Session, SessionId, SessionStore, Timestamp};

/// How many sessions a walk finds.
const SESSIONS: usize = 25;

/// Holds a store to the part of its contract that is about the list.
pub(super) async fn assert_contract(handles: &Handles) {
    let [one, other] = handles;
    lists_each_session_once_and_the_newest_first(&**one, &**other).await;
    walks_past_what_is_created_and_deleted_meanwhile(&**one, &**other).await;
    deletes_everything_that_it_lists(&**one).await;
}

/// What a walk has found, in order.
async fn walk(store: &dyn SessionStore, limit: usize) -> Vec<Session> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.list(after, limit).await.unwrap();
        assert!(page.sessions.len() <= limit, "{} of {limit}", page.sessions.len());
        let borders = page.sessions.iter().all(|session| {
            after.is_none_or(|after| session.id < after) && page.next.is_none_or(|next| session.id >= next)
        });
        assert!(borders, "a page lies between the ends of the pages before it and of its own");
        found.extend(page.sessions);
        let Some(next) = page.next else { return found };
        assert!(after.is_none_or(|after| next < after), "the list goes on");
        after = Some(next);
    }
}

async fn create_many(store: &dyn SessionStore) -> BTreeMap<SessionId, Session> {
    let mut created = BTreeMap::new();
    for number in 0..SESSIONS {
        // Ids of one millisecond are in the order of chance; those of others are not.
        let session = Session { id: SessionId::random(earlier(number)), ..session(0) };
        assert_eq!(store.create(session.clone()).await.unwrap(), Created::Yes);
        created.insert(session.id, session);
    }
    created
}

/// Two sessions for each millisecond.
fn earlier(number: usize) -> Timestamp {
    now().before(Duration::from_millis(number as u64 / 2))
}

async fn lists_each_session_once_and_the_newest_first(one: &dyn SessionStore, other: &dyn SessionStore) {
    let mut created = create_many(one).await;
    let replaced = created.values().nth(3).expect("there are more").stopped(now());
    assert_eq!(one.compare_and_set(replaced.clone(), None).await.unwrap(), Replaced::Yes);
    created.insert(replaced.id, replaced);
    for (store, limit) in [(one, 1), (other, 2), (other, SESSIONS), (one, 1_000)] {
        let listed = walk(store, limit).await;
        let ids: Vec<_> = listed.iter().map(|session| session.id).collect();
        assert!(ids.is_sorted_by(|newer, older| newer > older), "the newest first, and none twice");
        let expected: Vec<_> = created.values().rev().cloned().collect();
        let listed: Vec<_> = listed.into_iter().filter(|session| created.contains_key(&session.id)).collect();
        assert_eq!(listed, expected, "{limit}");
    }
    // From anywhere, also from an id that no session has.
    let from = SessionId::random(earlier(SESSIONS / 2));
    let page = other.list(Some(from), 1_000).await.unwrap();
    let listed = page.sessions.into_iter().filter(|session| created.contains_key(&session.id));
    assert!(listed.eq(created.range(..from).rev().map(|(_, session)| session.clone())));
}

async fn walks_past_what_is_created_and_deleted_meanwhile(one: &dyn SessionStore, other: &dyn SessionStore) {
    let created = create_many(one).await;
    let (mut listed, mut deleted, mut after) = (Vec::new(), BTreeSet::new(), None);
    let mut candidates = created.values().step_by(3);
    loop {
        let page = other.list(after, 2).await.unwrap();
        listed.extend(page.sessions.into_iter().map(|session| session.id));
        // One in front of the place where the walk is, and anywhere else.
        for id in [SessionId::random(now()), SessionId::random(earlier(SESSIONS))] {
            assert_eq!(one.create(Session { id, ..session(0) }).await.unwrap(), Created::Yes);
        }
        if let Some(candidate) = candidates.next() {
            assert_eq!(one.delete(candidate.clone(), None).await.unwrap(), Deleted::Yes);
            deleted.insert(candidate.id);
        }
        // What is created behind the walk makes it longer, but not for ever.
        after = page.next.filter(|next| created.keys().next().is_some_and(|oldest| oldest < next));
        if after.is_none() {
            break;
        }
    }
    assert_eq!(listed.iter().collect::<BTreeSet<_>>().len(), listed.len(), "none twice");
    let missing = created.keys().filter(|id| !deleted.contains(*id) && !listed.contains(id));
    assert_eq!(missing.count(), 0, "each that has not been deleted");
}

async fn deletes_everything_that_it_lists(store: &dyn SessionStore) {
    for session in walk(store, 100).await {
        // Some cannot be replaced any more, but all can be deleted.
        assert_eq!(store.delete(session, None).await.unwrap(), Deleted::Yes);
    }
    assert_eq!(walk(store, 7).await, []);
}
