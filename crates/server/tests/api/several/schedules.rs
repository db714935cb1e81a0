//! Sessions with a notice are paused, resumed and re-timed on two servers, while many clients follow them in every way there is.
//! Inside the promise that a client has received, it shows what everybody else shows.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tickseed_engine::{Change, Schedule, Segment, Step};
use tickseed_session::Timestamp;
use tokio::time::sleep;

use super::nginx::Nginx;
use super::pair::{Pair, map_concurrently, on_cassandra, on_every_store, wait_for_turn};
use crate::listener::Listener;
use crate::support::Api;
use tickseed_store::test_servers::StoreKind;

on_every_store!(
    #[ignore = "takes long, and always runs on Redis; scripts/test-long runs it"]
    every_client_shows_the_same_step_inside_its_promise
);

on_cassandra!(
    #[ignore = "takes long, and always runs on Redis; scripts/test-long runs it"]
    every_client_shows_the_same_step_inside_its_promise
);

const SESSIONS: usize = 1_000;
const CLIENTS: usize = 200;
/// How many sessions each client follows. Neighbouring clients, who follow in different ways, share some of them.
const FOLLOWED: usize = 8;
/// How many of them a client listens to, if it is one that listens.
const LISTENED_TO: usize = 2;
const NOTICE_MS: i64 = 6_000;
/// How long the sessions are changed.
const CHANGED_FOR: Duration = Duration::from_secs(12);
const WRITERS: usize = 4;

/// Returns the time in milliseconds since the Unix epoch. Servers and clients share the machine's clock.
fn now_ms() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    i64::try_from(elapsed.as_millis()).expect("it is before the year 9999")
}

fn millis(value: &Value) -> i64 {
    Timestamp::parse(value.as_str().expect("an instant is a string")).expect("it is valid").millis()
}

/// A session as a client knows it.
struct Known {
    schedule: Schedule<Vec<Segment>>,
    stopped_at: i64,
    entity_tag: String,
    settled_until: i64,
}

impl Known {
    fn new(session: &Value, entity_tag: &str, settled_until: i64) -> Self {
        let list = session["schedule"].as_array().expect("a session has a schedule");
        let tick_ms = |change: &Value| change["tick_ms"].as_u64().unwrap_or(0);
        let changes = list.iter().map(|change| Change::new(millis(&change["at"]), tick_ms(change)));
        let changes: Vec<_> = changes.collect::<Result<_, _>>().expect("the changes are valid");
        let start = Schedule::new(millis(&session["start_at"]), session["tick_ms"].as_u64().unwrap());
        let schedule = start.unwrap().with_changes(&changes, vec![Segment::default(); changes.len()]);
        Self {
            schedule: schedule.expect("the schedule is valid"),
            stopped_at: session.get("stopped_at").map_or(i64::MAX, millis),
            entity_tag: entity_tag.to_owned(),
            settled_until,
        }
    }

    fn step_at(&self, instant: i64) -> Option<u64> {
        let step = self.schedule.step_at(instant.min(self.stopped_at)).expect("it is in range");
        step.map(Step::get)
    }
}

/// What a client would have shown at an instant inside its promise.
struct Claim {
    way: &'static str,
    session: usize,
    instant: i64,
    step: Option<u64>,
    entity_tag: String,
}

/// What one client saw.
#[derive(Default)]
struct Seen {
    claims: Vec<Claim>,
    /// How many times it looked, and how often it was outside its promise then.
    looks: u64,
    unsettled: u64,
}

impl Seen {
    /// Looks at a session now, at the end of the promise, and somewhere between.
    fn look(&mut self, way: &'static str, session: usize, known: &Known) {
        let now = now_ms();
        self.looks += 1;
        if now >= known.settled_until {
            self.unsettled += 1;
            return;
        }
        let left = known.settled_until - now;
        for instant in [now, now + fastrand::i64(0..left), known.settled_until - 1] {
            let (step, entity_tag) = (known.step_at(instant), known.entity_tag.clone());
            self.claims.push(Claim { way, session, instant, step, entity_tag });
        }
    }
}

/// Reads sessions again and again.
async fn read(way: &'static str, api: &Api, paths: &[String], sessions: &[usize], until: Instant) -> Seen {
    let mut seen = Seen::default();
    let mut known = BTreeMap::new();
    while Instant::now() < until {
        for session in sessions {
            let response = api.get(&paths[*session]).await;
            // A 503 is correct when the store on a busy machine does not answer in time, for a session that is not in memory.
            if response.status == 200 {
                let settled_until = response.header("tickseed-settled-until");
                let settled_until = Timestamp::parse(settled_until).map_or(0, Timestamp::millis);
                let new = Known::new(&response.json(), response.header("etag"), settled_until);
                seen.look(way, *session, &new);
                known.insert(*session, new);
            }
            // A client does not read again for every look.
            let other = sessions[fastrand::usize(..sessions.len())];
            if let Some(known) = known.get(&other) {
                seen.look(way, other, known);
            }
            sleep(Duration::from_millis(fastrand::u64(100..400))).await;
        }
    }
    seen
}

/// Listens to one session.
async fn listen(way: &'static str, api: &Api, path: &str, session: usize, until: Instant) -> Seen {
    let mut seen = Seen::default();
    let (mut listener, first) = Listener::start_with_first_event(api, path).await;
    let mut known = Known::new(&first.json(), &first.id, 0);
    while Instant::now() < until {
        let next =
            tokio::time::timeout(Duration::from_millis(fastrand::u64(50..250)), listener.block()).await;
        match next {
            // The new session is no different before the end of the promise, unless the store has lost a change.
            Ok(Some(block)) if ["changed", "stopped"].contains(&block.event.as_str()) => {
                known = Known::new(&block.json(), &block.id, known.settled_until);
            }
            Ok(Some(block)) if block.event == "session" => known = Known::new(&block.json(), &block.id, 0),
            Ok(Some(block)) if block.event == "settled" => {
                let data = block.json();
                // A promise for a session that the client does not have says nothing.
                if data["etag"] == known.entity_tag.as_str() {
                    known.settled_until = known.settled_until.max(millis(&data["settled_until"]));
                }
            }
            Ok(Some(_)) => {}
            Ok(None) => {
                let (again, first) = Listener::start_with_first_event(api, path).await;
                (listener, known) = (again, Known::new(&first.json(), &first.id, 0));
            }
            Err(_) => seen.look(way, session, &known),
        }
    }
    seen
}

/// Changes sessions at random, on any of the servers. Counts the answers by their status.
async fn write(apis: [&Api; 3], paths: &[String], until: Instant) -> BTreeMap<String, u64> {
    let mut answers = BTreeMap::new();
    while Instant::now() < until {
        let path = &paths[fastrand::usize(..paths.len())];
        let (kind, mut body) = match fastrand::u8(..100) {
            0..35 => ("pause", json!({})),
            35..60 => ("resume", json!({})),
            60..70 => ("resume", json!({"tick_ms": fastrand::u16(20..=2_000)})),
            70..90 => ("rate", json!({"tick_ms": fastrand::u16(20..=2_000)})),
            90..97 => ("withdraw", json!({})),
            _ => ("stop", json!({})),
        };
        if ["pause", "resume", "rate"].contains(&kind) {
            body["replace_later"] = fastrand::bool().into();
            if fastrand::bool() {
                let at = now_ms() + NOTICE_MS + 1_000 + fastrand::i64(20..4_000);
                body["at"] = Timestamp::from_millis(at).unwrap().to_string().into();
            }
        }
        let api = apis[fastrand::usize(..apis.len())];
        let response = api.post(&format!("{path}/{kind}"), &body.to_string()).await;
        assert!(matches!(response.status, 200 | 409 | 503), "{kind} {body}: {}", response.text);
        let code = response.json()["code"].as_str().unwrap_or("changed").to_owned();
        *answers.entry(code).or_default() += 1;
    }
    answers
}

async fn every_client_shows_the_same_step_inside_its_promise(kind: StoreKind) {
    let _turn = wait_for_turn().await;
    let pair = Pair::on(kind);
    let nginx = Nginx::start(pair.both()).await;
    let new = json!({"tick_ms": 100, "notice_ms": NOTICE_MS}).to_string();
    let paths = map_concurrently(0..SESSIONS, |_| super::pair::create(&pair.a.api, &new)).await;
    let (a, b, proxy) = (&pair.a.api, &pair.b.api, &nginx.api);

    let until = Instant::now() + CHANGED_FOR;
    let all = Mutex::new(Vec::new());
    let clients = join_all((0..CLIENTS).map(|client| {
        let first = client * SESSIONS / CLIENTS;
        let sessions: Vec<_> = (first..first + FOLLOWED).map(|session| session % SESSIONS).collect();
        let (paths, all) = (&paths, &all);
        async move {
            let seen = match client % 5 {
                0 => vec![read("server 1", a, paths, &sessions, until).await],
                1 => vec![read("server 2", b, paths, &sessions, until).await],
                2 => vec![read("nginx", proxy, paths, &sessions, until).await],
                kind => {
                    let (way, api) =
                        if kind == 3 { ("events, nginx", proxy) } else { ("events, server 2", b) };
                    let listen = |session: &usize| listen(way, api, &paths[*session], *session, until);
                    join_all(sessions[..LISTENED_TO].iter().map(listen)).await
                }
            };
            all.lock().unwrap().extend(seen);
        }
    }));
    let writers = join_all((0..WRITERS).map(|_| write([a, b, proxy], &paths, until)));
    let (answers, _) = tokio::join!(writers, clients);

    let truth = map_concurrently(paths.iter().enumerate(), async |(index, path)| {
        let response = super::pair::retry_while_unavailable(async || a.get(path).await).await;
        (index, Known::new(&response.json(), response.header("etag"), 0))
    });
    let truth: BTreeMap<_, _> = truth.await.into_iter().collect();
    let seen = all.into_inner().unwrap();
    report_answers(&answers);
    let (claims, changed) = assert_claims(&seen, &truth);
    let (fewest_claims, fewest_changed) = fewest(kind);
    assert!(claims > fewest_claims, "only {claims} claims");
    assert!(changed > fewest_changed, "only {changed} sessions changed");
}

/// Returns how many claims and changed sessions a test needs to say anything. Each read and change of Cassandra is a transaction of
/// several exchanges, and its one node shares the machine with all clients.
const fn fewest(kind: StoreKind) -> (usize, usize) {
    match kind {
        StoreKind::Redis | StoreKind::Postgres => (20_000, 200),
        StoreKind::Cassandra => (5_000, 10),
    }
}

fn report_answers(answers: &[BTreeMap<String, u64>]) {
    let mut sums = BTreeMap::<&str, u64>::new();
    for (code, count) in answers.iter().flatten() {
        *sums.entry(code).or_default() += count;
    }
    println!("answers to changes: {sums:?}");
}

/// Checks every claim against the sessions as they are in the end. Returns how many claims there are, and how many sessions changed.
fn assert_claims(seen: &[Seen], truth: &BTreeMap<usize, Known>) -> (usize, usize) {
    let claims: Vec<_> = seen.iter().flat_map(|seen| &seen.claims).collect();
    let mut ways = BTreeMap::<_, u64>::new();
    for claim in &claims {
        *ways.entry(claim.way).or_default() += 1;
        let expected = truth[&claim.session].step_at(claim.instant);
        let Claim { way, session, instant, step, entity_tag } = claim;
        assert_eq!(*step, expected, "{way}: session {session} at {instant}, from {entity_tag}");
    }
    let (looks, unsettled) =
        seen.iter().fold((0, 0), |(looks, unsettled), seen| (looks + seen.looks, unsettled + seen.unsettled));
    println!("{} claims, 0 wrong: {ways:?}; {unsettled} of {looks} looks outside the promise", claims.len());
    assert!(unsettled * 5 < looks, "clients are nearly always inside their promise");
    let changed = truth.values().filter(|known| known.schedule.changes().len() > 0);
    (claims.len(), changed.count())
}
