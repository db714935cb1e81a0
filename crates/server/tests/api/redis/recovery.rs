//! A server without any requests notices when Redis is gone, and is ready for the next request as soon as Redis is back.

use std::time::Instant;

use tickseed_store::test_servers::{RedisCluster, RedisServer};

use super::{LoggingServer, create};
use crate::support::{Api, DEADLINE, LOOK_EVERY};

const GONE: &str = "Redis does not answer";
const BACK: &str = "Redis answers again";

/// Waits until a server without requests is ready: Redis was gone only for a moment, and of the connections to it any may be back
/// first.
async fn is_ready(api: &Api) {
    let since = Instant::now();
    while api.get("/readyz").await.status != 200 {
        assert!(since.elapsed() < DEADLINE, "the server is not ready again");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Checks that the very first request for a session succeeds.
async fn assert_first_request_succeeds(api: &Api) {
    let missing = api.get("/v1/sessions/sess_550e8400-e29b-41d4-a716-446655440000").await;
    missing.problem(404, "session_not_found");
}

#[tokio::test]
async fn the_first_request_after_an_outage_succeeds() {
    let mut redis = RedisServer::start(&[]);
    let server = LoggingServer::start(&redis.address());
    // So quick a restart may go unnoticed until Redis is back.
    redis.kill();
    redis.start_again();
    server.logs("was restarted, or is another Redis", 1).await;
    is_ready(&server.process.api).await;
    assert_first_request_succeeds(&server.process.api).await;
    let outages = server.log().matches(BACK).count();
    // A longer outage.
    redis.kill();
    server.logs(GONE, outages + 1).await;
    redis.start_again();
    server.logs(BACK, outages + 1).await;
    assert_eq!(server.process.api.get("/readyz").await.status, 200);
    // A Redis that hangs.
    redis.pause();
    server.logs(GONE, outages + 2).await;
    redis.go_on();
    server.logs(BACK, outages + 2).await;
    server.process.api.create(r#"{"tick_ms":100}"#).await;
}

#[tokio::test]
async fn the_first_requests_after_an_outage_of_a_cluster_master_succeed() {
    let arguments = ["--cluster-require-full-coverage", "no", "--cluster-node-timeout", "1000"];
    let mut cluster = RedisCluster::start(0, &arguments);
    let server = LoggingServer::start(&cluster.address());
    create(&server.process.api).await;
    cluster.nodes[0].kill();
    server.logs(GONE, 1).await;
    cluster.nodes[0].start_again();
    server.logs(BACK, 1).await;
    assert_eq!(server.process.api.get("/readyz").await.status, 200);
    // Some on each master.
    for _ in 0..20 {
        server.process.api.create(r#"{"tick_ms":100}"#).await;
    }
}
