//! The memory of the real binary.

use std::fs;
use std::future::ready;
use std::time::Instant;

use futures_util::{StreamExt, stream};
use tickseed_session::SessionId;
use tickseed_session::acceptance::now;

use crate::support::{DEADLINE, LOOK_EVERY, Process};
use tickseed_store::test_servers::RedisServer;

/// The setting under test, in MB.
const CACHE_MB: u32 = 8;

/// More sessions than the cache can hold, with as much metadata as possible.
const SESSIONS: usize = 360;

/// How many requests are in progress at the same time.
const CONCURRENCY: usize = 8;

/// Returns JSON objects of 16 KiB, by what they contain.
fn large_objects() -> [String; 6] {
    let fill = |item: &str| {
        let items = (16 * 1024 - r#"{"a":[]}"#.len() + 1) / (item.len() + 1);
        format!(r#"{{"a":[{}]}}"#, vec![item; items].join(","))
    };
    let fields = (0..1_400).map(|number| format!(r#""f{number:04}":{{}}"#)).collect::<Vec<_>>().join(",");
    [
        fill(r#"{"":0}"#),
        fill("[]"),
        fill("0.1"),
        fill(&format!(r#""{}""#, r"\u0001".repeat(2_000))),
        format!(r#"{{"a":"{}"}}"#, "m".repeat(16_000)),
        format!("{{{fields}}}"),
    ]
}

/// Returns the record of a session. Every other one has the object as metadata, the others as fields of a later version.
fn record(object: &str, number: usize) -> String {
    let (before, after) = (
        r#""seed":"a","start_at":0,"tick_ms":100,"break_min":100,"break_max":300,"rounds_per_epoch":64"#,
        r#""engine_version":1,"created_at":0"#,
    );
    if number.is_multiple_of(2) {
        format!("\u{1}{{{before},\"metadata\":{object},{after},\"revision\":1}}")
    } else {
        format!("\u{2}\0\0\0\0\0\0\0\u{1}{{{before},{after},{}", &object[1..])
    }
}

/// Asks for these sessions and returns how many were handed out.
async fn hand_out(server: &Process, ids: &[SessionId]) -> usize {
    let responses = stream::iter(ids)
        .map(|id| async move { server.api.get(&format!("/v1/sessions/{id}")).await.status })
        .buffer_unordered(CONCURRENCY);
    responses.filter(|status| ready(*status == 200)).count().await
}

/// Starts a server and has it hand out these sessions.
async fn server_after_handing_out(redis: &RedisServer, cache_mb: u32, ids: &[SessionId]) -> Process {
    let cache_mb = cache_mb.to_string();
    let settings = [("TICKSEED_STORE", &*redis.address()), ("TICKSEED_CACHE_MB", &cache_mb)];
    let server = Process::with_settings(&[&settings[..], &[("TICKSEED_LOG", "off")]].concat());
    // Redis on a busy machine may not answer in time.
    let deadline = Instant::now() + DEADLINE;
    while hand_out(&server, ids).await < ids.len() {
        assert!(Instant::now() < deadline, "the server does not hand out every session");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    server
}

/// Returns the resident memory of a server, in bytes.
fn resident(server: &Process) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux says how much");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("it is a number") * 1024
}

/// A server that keeps nothing in memory answers the same requests, so the difference is the cache.
#[tokio::test]
async fn the_cache_takes_no_more_memory_than_its_setting_says() {
    let mut redis = RedisServer::start(&[]);
    let objects = large_objects();
    let ids: Vec<_> = (0..SESSIONS).map(|_| SessionId::random(now())).collect();
    for (number, id) in ids.iter().enumerate() {
        let record = record(&objects[number / 2 % objects.len()], number);
        redis.ask::<()>(&["SET", &format!("session:{{{id}}}"), &record]);
    }
    let without = server_after_handing_out(&redis, 0, &ids).await;
    let with = server_after_handing_out(&redis, CACHE_MB, &ids).await;
    let (without, resident_with) = (resident(&without), resident(&with));
    let (cache, setting) = (resident_with.saturating_sub(without), u64::from(CACHE_MB) << 20);
    assert!(cache < setting * 13 / 10, "the cache takes {resident_with} - {without} of {setting} bytes");
    redis.kill();
    let cached = hand_out(&with, &ids).await;
    assert!((SESSIONS / 3..SESSIONS).contains(&cached), "the cache is full: it holds {cached} sessions");
}
