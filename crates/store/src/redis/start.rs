//! Connects to Redis when the server starts, and logs what a crash of Redis can lose.

use std::time::Duration;

use deadpool_redis::redis::{ConnectionInfo, ErrorKind, RedisError, ServerErrorKind, cmd};
use deadpool_redis::{Manager, Pool, PoolError, Runtime};
use tickseed_session::{Clock, error_chain};
use tokio::time::{Instant, sleep};

use super::RedisAddress;
use super::background::Background;
use super::connection::{CONNECT_TIMEOUT, SharedConnection};
use super::durability;
use super::topology::{Failure, Topology};

/// How long after a failed attempt the next one begins.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// Why Redis cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// It could not be reached.
    #[error(
        "could not reach {address} within {waited:?}; is it running? --store says where it is, --store-wait for how long to try"
    )]
    Unreachable {
        /// Its address.
        address: String,
        /// How long the server tried.
        waited: Duration,
        /// Why the last attempt failed.
        source: Failure,
    },
    /// It refuses this server.
    #[error(
        "{address} refuses this server; check REDIS_PASSWORD and the user, and that it is Redis 6 or newer"
    )]
    Refused {
        /// Its address.
        address: String,
        /// Its answer.
        source: Failure,
    },
    /// The thread for the connections cannot be started.
    #[error("the thread for Redis cannot be started")]
    Thread(#[from] std::io::Error),
}

/// Connects, retrying for up to `wait`, and logs what a crash of Redis can lose.
pub(super) async fn connect(
    background: &Background,
    address: &RedisAddress,
    wait: Duration,
    clock: &dyn Clock,
) -> Result<SharedConnection, ConnectError> {
    // Only the first call in a process has an effect.
    drop(rustls::crypto::ring::default_provider().install_default());
    let began = Instant::now();
    let mut has_warned = false;
    loop {
        let error = match first_contact(background, address, clock).await {
            Ok(connection) => return Ok(connection),
            Err(error) => error,
        };
        let address = address.to_string();
        if is_refusal(&*error) {
            return Err(ConnectError::Refused { address, source: error });
        }
        if began.elapsed() + RETRY_AFTER > wait {
            return Err(ConnectError::Unreachable { address, waited: wait, source: error });
        }
        if !has_warned {
            tracing::warn!(
                error = error_chain(&*error),
                "cannot reach {address} yet; retrying for up to {wait:?}"
            );
            has_warned = true;
        }
        sleep(RETRY_AFTER).await;
    }
}

/// Asks every master for its settings and whether this server may publish changes, then connects.
async fn first_contact(
    background: &Background,
    address: &RedisAddress,
    clock: &dyn Clock,
) -> Result<SharedConnection, Failure> {
    let mut reports = Vec::new();
    for master in Topology::find(address, None).await?.masters {
        let (name, pool) = (master.name(), pool(master.node)?);
        let _: i64 =
            cmd("PUBLISH").arg(address.channel()).arg("").query_async(&mut pool.get().await?).await?;
        reports.push((name, durability::ask(&pool, clock).await?));
    }
    let (connection, opened) = background.run(SharedConnection::open(address.clone())).await??;
    background.spawn(connection.clone().keep_alive(opened));
    for (node, report) in reports {
        report.log(&node);
    }
    Ok(connection)
}

/// Makes a pool for the questions at the start. The pool limits how long each step takes.
fn pool(node: ConnectionInfo) -> Result<Pool, Failure> {
    let pool = Pool::builder(Manager::new(node)?).max_size(1).runtime(Runtime::Tokio1);
    let limit = Some(CONNECT_TIMEOUT);
    Ok(pool.wait_timeout(limit).create_timeout(limit).recycle_timeout(limit).build()?)
}

/// Returns whether Redis will give the same answer again.
fn is_refusal(error: &(dyn std::error::Error + 'static)) -> bool {
    let error = match error.downcast_ref::<PoolError>() {
        Some(PoolError::Backend(error)) => Some(error),
        _ => error.downcast_ref::<RedisError>(),
    };
    error.is_some_and(|error| {
        matches!(
            error.kind(),
            ErrorKind::AuthenticationFailed
                | ErrorKind::RESP3NotSupported
                | ErrorKind::Server(ServerErrorKind::NoPerm)
        ) || matches!(error.code(), Some("NOAUTH" | "WRONGPASS" | "NOPERM"))
    })
}
