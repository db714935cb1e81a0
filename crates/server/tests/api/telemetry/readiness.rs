//! `--ready-from-memory`: whether a server whose store is away counts as ready.

use tickseed_store::test_servers::RedisServer;

use super::Logged;
use crate::operation::eventually;

#[tokio::test]
async fn a_server_is_ready_from_memory_only_if_it_is_told_so() {
    for (switch, status) in [("off", 503), ("on", 200)] {
        let mut redis = RedisServer::start(&[]);
        let address = redis.address();
        let server =
            Logged::start(|command| command.args(["--store", &address, "--ready-from-memory", switch]));
        let api = server.server.api.clone();
        assert_eq!(api.get("/readyz").await.status, 200);
        let path = api.create(r#"{"tick_ms":100}"#).await;
        redis.kill();
        eventually("Redis is gone", async || {
            api.post("/v1/sessions", r#"{"tick_ms":100}"#).await.status == 503
        })
        .await;
        assert_eq!(api.get("/readyz").await.status, status, "{switch}");
        assert_eq!(api.get(&path).await.status, 200, "memory answers all the same");
    }
}
