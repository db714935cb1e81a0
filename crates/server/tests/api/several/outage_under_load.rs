//! Redis is killed again and again while two servers create, read and stop sessions: nothing that was acknowledged is lost,
//! and no answer is wrong.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Instant;

use futures_util::future::join_all;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::block_in_place;
use tokio::time::timeout;

use super::pair::{DURABLE, Pair, Sight, alone, each, patiently, unchanging};
use crate::support::{Answer, Api, DEADLINE};

const KILLS: usize = 3;
/// How many sessions are created between one outage and the next.
const CREATED_BETWEEN: usize = 400;
/// How many requests are refused before an outage ends.
const REFUSED_IN_AN_OUTAGE: usize = 200;

/// A session whose creation was acknowledged.
#[derive(Clone)]
struct Known {
    created: Value,
    stop: Option<Stop>,
}

/// A stop that was acknowledged.
#[derive(Clone)]
struct Stop {
    acknowledged_at: Instant,
    stopped_at: Value,
}

/// What the clients have been told.
#[derive(Default)]
struct Book {
    sessions: Mutex<HashMap<String, Known>>,
    counts: watch::Sender<Counts>,
}

#[derive(Default, Clone, Copy)]
struct Counts {
    created: usize,
    refused: usize,
    is_over: bool,
}

impl Book {
    fn create(&self, path: &str, created: Value) {
        let known = Known { created, stop: None };
        assert!(self.sessions.lock().unwrap().insert(path.to_owned(), known).is_none(), "{path} is not new");
        self.counts.send_modify(|counts| counts.created += 1);
    }

    fn stop(&self, path: &str, stopped_at: &Value) {
        let stop = Stop { acknowledged_at: Instant::now(), stopped_at: stopped_at.clone() };
        self.sessions.lock().unwrap().entry(path.to_owned()).and_modify(|known| known.stop = Some(stop));
    }

    fn refuse(&self, answer: &Answer) {
        answer.problem(503, "store_unavailable");
        self.counts.send_modify(|counts| counts.refused += 1);
    }

    fn is_over(&self) -> bool {
        self.counts.borrow().is_over
    }

    /// One of the sessions, as it is known now.
    fn any(&self) -> Option<(String, Known)> {
        let sessions = self.sessions.lock().unwrap();
        let (path, known) = sessions.iter().nth(fastrand::usize(..sessions.len().max(1)))?;
        Some((path.clone(), known.clone()))
    }

    /// Waits until the counts are so.
    async fn until(&self, is_enough: impl FnMut(&Counts) -> bool) {
        let mut counts = self.counts.subscribe();
        timeout(DEADLINE, counts.wait_for(is_enough)).await.expect("it goes on").expect("the book is there");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_and_nothing_wrong_is_told_while_redis_is_killed_again_and_again() {
    let _alone = alone().await;
    let mut pair = Pair::start(&DURABLE);
    let apis = pair.both().map(Clone::clone);
    let book = Book::default();
    let clients = apis.iter().flat_map(|api| (0..3).map(|_| use_it(api, &book)));
    let kills = async {
        for _ in 0..KILLS {
            let created = book.counts.borrow().created + CREATED_BETWEEN;
            book.until(|counts| counts.created >= created).await;
            block_in_place(|| pair.redis.kill());
            let refused = book.counts.borrow().refused + REFUSED_IN_AN_OUTAGE;
            book.until(|counts| counts.refused >= refused).await;
            block_in_place(|| pair.redis.start_again());
        }
        let created = book.counts.borrow().created + CREATED_BETWEEN;
        book.until(|counts| counts.created >= created).await;
        book.counts.send_modify(|counts| counts.is_over = true);
    };
    tokio::join!(kills, join_all(clients));

    let sessions = book.sessions.into_inner().unwrap();
    let stops = sessions.values().filter(|known| known.stop.is_some()).count();
    println!("{} sessions and {stops} stops were acknowledged, none is lost", sessions.len());
    assert!(stops > 100, "{stops} stops");
    each(&sessions, async |(path, known)| {
        for api in &apis {
            let answer = patiently(async || api.get(path).await).await;
            assert_eq!(answer.status, 200, "{path} is lost: {}", answer.text);
            assert_eq!(unchanging(&answer.json()), unchanging(&known.created));
            if let Some(stop) = &known.stop {
                assert_eq!(answer.json()["stopped_at"], stop.stopped_at);
            }
        }
    })
    .await;
}

/// A client of one server that creates, reads and stops sessions, also those of others, until it is over.
async fn use_it(api: &Api, book: &Book) {
    let mut seen = HashMap::new();
    while !book.is_over() {
        create(api, book).await;
        for _ in 0..3 {
            read(api, book, &mut seen).await;
        }
        stop(api, book).await;
        read(api, book, &mut seen).await;
    }
}

async fn create(api: &Api, book: &Book) {
    let answer = api.post("/v1/sessions", r#"{"tick_ms":100}"#).await;
    match answer.status {
        201 => book.create(answer.header("location"), answer.json()),
        _ => book.refuse(&answer),
    }
}

/// Stops one of the sessions.
async fn stop(api: &Api, book: &Book) {
    let Some((path, _)) = book.any() else { return };
    let answer = api.post(&format!("{path}/stop"), "").await;
    match answer.status {
        200 => book.stop(&path, &answer.json()["stopped_at"]),
        // Also after a stop that was answered with 503 and was made all the same.
        409 => book.stop(&path, &answer.problem(409, "session_stopped")["stopped_at"]),
        _ => book.refuse(&answer),
    }
}

/// Reads one of the sessions and checks it. `seen` are the revisions that this client has seen.
async fn read(api: &Api, book: &Book, seen: &mut HashMap<String, u64>) {
    let Some((path, known)) = book.any() else { return };
    let sight = Sight::take(api, &path).await;
    if sight.answer.status != 200 {
        return book.refuse(&sight.answer);
    }
    let session = sight.answer.json();
    assert_eq!(unchanging(&session), unchanging(&known.created));
    if let Some(stop) = known.stop {
        sight.assert_keeps_the_promise(stop.acknowledged_at);
    }
    let revision = session["revision"].as_u64().expect("a number");
    let seen = seen.entry(path).or_default();
    assert!(revision >= *seen || sight.age().is_some(), "revision {seen} was there before {sight:?}");
    *seen = revision.max(*seen);
}
