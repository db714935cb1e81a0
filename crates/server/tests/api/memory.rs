//! The memory of the real binary.

use std::fs;

use futures_util::{StreamExt, stream};
use tickseed_session::SessionId;
use tickseed_session::acceptance::now;

use crate::support::Process;
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

/// Returns the resident memory of a process that has handed these sessions out, in bytes.
async fn resident_after_reading(redis: &RedisServer, cache_mb: u32, ids: &[SessionId]) -> u64 {
    let cache_mb = cache_mb.to_string();
    let settings = [("TICKSEED_STORE", &*redis.address()), ("TICKSEED_CACHE_MB", &cache_mb)];
    let server = Process::with_settings(&settings);
    let reads = stream::iter(ids).for_each_concurrent(CONCURRENCY, async |id| {
        let response = server.api.get(&format!("/v1/sessions/{id}")).await;
        assert_eq!(response.status, 200, "{}", response.text);
    });
    reads.await;
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux says how much");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("it is a number") * 1024
}

/// A server that keeps nothing in memory answers the same requests, so the difference is the cache.
#[tokio::test]
async fn the_cache_takes_as_much_memory_as_its_setting_says() {
    let redis = RedisServer::start(&[]);
    let objects = large_objects();
    let ids: Vec<_> = (0..SESSIONS).map(|_| SessionId::random(now())).collect();
    for (number, id) in ids.iter().enumerate() {
        let record = record(&objects[number / 2 % objects.len()], number);
        redis.ask::<()>(&["SET", &format!("session:{{{id}}}"), &record]);
    }
    let without = resident_after_reading(&redis, 0, &ids).await;
    let with = resident_after_reading(&redis, CACHE_MB, &ids).await;
    let (cache, setting) = (with.saturating_sub(without), u64::from(CACHE_MB) << 20);
    println!("{without} bytes without a cache, {with} with it: {cache} for {setting}");
    assert!(cache < setting * 13 / 10, "the cache takes {cache} of {setting} bytes");
    assert!(cache > setting / 2, "the cache is full: it takes {cache} of {setting} bytes");
}
