//! What is special about the store in Redis: what it keeps there and how, and who it lets in.

mod access;
mod news;
mod outage;
mod record;
mod settings;
mod start;

use std::sync::Arc;

use tickseed_server::session::Clock;
use tickseed_server::store::{RedisAddress, RedisStore};
use tokio::time::timeout;

use crate::patient_store::PatientStore;
use crate::redis_server::RedisServer;
use crate::support::{Api, DEADLINE, TestClock};

async fn connect(address: &str, clock: impl Clock) -> PatientStore<RedisStore> {
    let address = RedisAddress::parse(address, None).unwrap();
    PatientStore(RedisStore::connect(address, DEADLINE, Arc::new(clock)).await.unwrap())
}

/// Creates a session and gives back its path: on a busy machine Redis may take longer than a server waits for it.
async fn create(api: &Api) -> String {
    let created = async {
        loop {
            let answer = api.post("/v1/sessions", r#"{"tick_ms":100}"#).await;
            if answer.status == 201 {
                return answer.header("location").to_owned();
            }
            answer.problem(503, "store_unavailable");
        }
    };
    timeout(DEADLINE, created).await.expect("a session is created")
}

/// A Redis and a store in it, whose clock stands still.
async fn redis_and_store() -> (RedisServer, PatientStore<RedisStore>) {
    let server = RedisServer::start(&[]);
    let store = connect(&server.address(), TestClock::new()).await;
    (server, store)
}
