//! Finds Redis when the server starts, and tells what it promises to keep.

use std::time::Duration;

use deadpool_redis::redis::{ConnectionInfo, ErrorKind, RedisError, ServerErrorKind, cmd};
use deadpool_redis::{Manager, Pool, PoolError, Runtime};
use tokio::time::{Instant, sleep};

use super::RedisAddress;
use super::background::Background;
use super::durability;
use super::feed::masters;
use super::link::{CONNECTED_WITHIN, Link};
use crate::error_chain::error_chain;
use crate::session::Clock;

/// How long after a failed attempt the next one comes.
const TRIED_EVERY: Duration = Duration::from_millis(500);

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Why Redis cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// It could not be reached.
    #[error(
        "cannot reach {address} for {waited:?}; is it running? --store says where it is, --store-wait for how long to try"
    )]
    Unreachable {
        /// Which.
        address: String,
        /// For how long it was tried.
        waited: Duration,
        /// What happened at the last attempt.
        source: Failure,
    },
    /// It does not let this server in.
    #[error(
        "{address} refuses this server; are REDIS_PASSWORD and the user right, and is it Redis 6 or newer?"
    )]
    Refused {
        /// Which.
        address: String,
        /// What it said.
        source: Failure,
    },
    /// There is no thread to connect with.
    #[error("the thread for Redis cannot be started")]
    Thread(#[from] std::io::Error),
}

/// Connects, trying again for up to `wait`, and logs what Redis promises to keep.
pub(super) async fn connect(
    background: &Background,
    address: &RedisAddress,
    wait: Duration,
    clock: &dyn Clock,
) -> Result<Link, ConnectError> {
    // Only the first call in a process does something.
    drop(rustls::crypto::ring::default_provider().install_default());
    let began = Instant::now();
    let mut is_told = false;
    loop {
        let error = match first_contact(background, address, clock).await {
            Ok(link) => return Ok(link),
            Err(error) => error,
        };
        let address = address.to_string();
        if is_refusal(&*error) {
            return Err(ConnectError::Refused { address, source: error });
        }
        if began.elapsed() + TRIED_EVERY > wait {
            return Err(ConnectError::Unreachable { address, waited: wait, source: error });
        }
        if !is_told {
            tracing::warn!(
                error = error_chain(&*error),
                "cannot reach {address} yet; trying for up to {wait:?}"
            );
            is_told = true;
        }
        sleep(TRIED_EVERY).await;
    }
}

/// Asks every node whether this server may tell the others of changes, and what it promises to keep, and makes the link.
async fn first_contact(
    background: &Background,
    address: &RedisAddress,
    clock: &dyn Clock,
) -> Result<Link, Failure> {
    let mut reports = Vec::new();
    for node in masters(address, &[]).await? {
        let (name, pool) = (node.addr().to_string(), pool(node)?);
        let _: i64 =
            cmd("PUBLISH").arg(address.channel()).arg("").query_async(&mut pool.get().await?).await?;
        reports.push((name, durability::ask(&pool, clock).await?));
    }
    let (link, opened) = background.run(Link::open(address.clone())).await??;
    background.spawn(link.clone().mend(opened));
    for (node, report) in reports {
        report.log(&node);
    }
    Ok(link)
}

/// Connections for what is asked at the start: the pool limits how long each step of it takes.
fn pool(node: ConnectionInfo) -> Result<Pool, Failure> {
    let pool = Pool::builder(Manager::new(node)?).max_size(1).runtime(Runtime::Tokio1);
    let within = Some(CONNECTED_WITHIN);
    Ok(pool.wait_timeout(within).create_timeout(within).recycle_timeout(within).build()?)
}

/// Whether Redis has said something that it will say again.
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
