//! Another Redis, or another state of it, behind the same address: the log names it, and no lost session is served.

use std::time::Instant;

use tickseed_store::test_servers::RedisServer;

use super::{LoggingServer, create};
use crate::support::{DEADLINE, LOOK_EVERY};

const EMPTY: &str = "was restarted, or is another Redis, and holds no sessions: all earlier ones are lost";

#[tokio::test]
async fn an_empty_redis_behind_the_same_address_is_named_and_its_lost_sessions_are_not_served() {
    let mut redis = RedisServer::start(&[]);
    let server = LoggingServer::start(&redis.address());
    let path = create(&server.process.api).await;
    assert_eq!(server.process.api.get(&path).await.status, 200);
    redis.kill();
    redis.start_again();
    server.logs(EMPTY, 1).await;
    // The change feed and the requests have connections of their own, and either may be back first.
    let since = Instant::now();
    while server.process.api.get(&path).await.status != 404 {
        assert!(since.elapsed() < DEADLINE, "a lost session is served");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    server.process.api.get(&path).await.problem(404, "session_not_found");
    let log = server.log();
    assert_eq!(log.matches("keeps sessions in memory only").count(), 1, "the settings are the same: {log}");
}

#[tokio::test]
async fn a_restart_that_keeps_all_sessions_is_named() {
    let mut redis = RedisServer::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let server = LoggingServer::start(&redis.address());
    let path = create(&server.process.api).await;
    redis.kill();
    redis.start_again();
    // The session and the list.
    server.logs("was restarted, or is another Redis; it holds 2 keys", 1).await;
    assert_eq!(server.process.api.get(&path).await.status, 200);
    assert!(!server.log().contains("sessions may be lost"), "{}", server.log());
}

/// A server asks Redis for its settings after a new connection, and every few seconds.
fn reconnect(redis: &RedisServer) {
    redis.ask::<u64>(&["CLIENT", "KILL", "TYPE", "normal"]);
}

#[tokio::test]
async fn changed_settings_and_evicted_sessions_are_named() {
    let redis = RedisServer::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let server = LoggingServer::start(&redis.address());
    server.logs("loses no acknowledged write", 1).await;
    redis.ask::<()>(&["CONFIG", "SET", "appendfsync", "everysec"]);
    reconnect(&redis);
    server.logs("can lose about two seconds of new and changed sessions", 1).await;
    redis.ask::<()>(&["CONFIG", "SET", "maxmemory", "3mb"]);
    redis.ask::<()>(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    reconnect(&redis);
    server.logs("removes sessions when it is full (maxmemory-policy allkeys-lru)", 1).await;
    for number in 0..40 {
        redis.ask::<()>(&["SET", &format!("filler:{number}"), &"x".repeat(100_000)]);
    }
    reconnect(&redis);
    server.logs("keys to make room: these sessions are lost", 1).await;
    let log = server.log();
    assert_eq!(log.matches("two seconds").count(), 1, "{log}");
    assert_eq!(log.matches("allkeys-lru").count(), 1, "{log}");
}
