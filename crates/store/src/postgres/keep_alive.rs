//! Notices when PostgreSQL is gone, when it is back, and when another server has taken its place. Waits for no request to do so.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::tokio_postgres::Error;
use deadpool_postgres::tokio_postgres::error::Severity;
use tickseed_session::error_chain;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::pool::Pool;
use super::promises::Promises;
use crate::remote::connect::Failure;

/// How often the server is probed while nothing is wrong, so that an idle server too notices when PostgreSQL is gone.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long after a failed attempt to connect again the next one begins.
const PROBE_EVERY: Duration = Duration::from_millis(50);

/// How long such an attempt may take. Longer than a request, because it contains a login, and so that a server that hangs is not
/// flooded with connections, and one that goes on answers the last of them at once.
const ATTEMPT_WITHIN: Duration = Duration::from_secs(2);

/// Probes the server after a failure and from time to time, opens the breaker and closes it again. Only this task probes, so that a
/// server that comes back is not flooded. Never ends.
pub(super) async fn keep_alive(pool: Arc<Pool>, promises: Arc<Promises>) {
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = pool.is_suspect.notified() => {}
            _ = looks.tick() => {}
        }
        if let Err(error) = probe(&pool, &promises).await {
            pool.breaker.open();
            let error = error_chain(&*error);
            tracing::warn!(error, "PostgreSQL does not answer; sessions in memory are served");
            probe_until_it_answers(&pool).await;
            tracing::info!("PostgreSQL answers again");
        }
        pool.breaker.close();
    }
}

/// Tries new connections until one answers. Those from before may be dead without anybody knowing, so they are closed.
async fn probe_until_it_answers(pool: &Pool) {
    pool.forget_connections();
    while !matches!(timeout(ATTEMPT_WITHIN, pool.try_connection()).await, Ok(Ok(()))) {
        sleep(PROBE_EVERY).await;
    }
    pool.is_new.notify_one();
}

/// Asks for the name of the server. If the change feed is connected to another one, one of the two is no longer the one that accepts
/// writes, so both connect again.
async fn probe(pool: &Pool, promises: &Promises) -> Result<(), Failure> {
    let answer = pool.probe(async |client| {
        let statement = client.prepare_cached("SELECT tickseed_node()").await?;
        client.query_one_scalar::<String, _>(&statement, &[]).await
    });
    let node = match answer.await {
        Ok(node) => node,
        // It answers, although not as it should: somebody may have dropped the function.
        Err(error) if is_answer(&error) => return Ok(()),
        Err(error) => return Err(error),
    };
    if promises.feed_is_at_another_node(&node) {
        tracing::warn!(
            "the change feed is connected to another PostgreSQL than the requests: both connect again"
        );
        pool.forget_connections();
        promises.end_feed();
    }
    Ok(())
}

/// Returns whether an error is the answer to a statement. FATAL ones are about the connection.
fn is_answer(error: &Failure) -> bool {
    let answer = error.downcast_ref::<Error>().and_then(Error::as_db_error);
    answer.is_some_and(|answer| answer.parsed_severity() == Some(Severity::Error))
}
