//! Notices when PostgreSQL is gone, when it is back, and when another server has taken its place. Waits for no request to do so.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::tokio_postgres::Error;
use deadpool_postgres::tokio_postgres::error::Severity;
use tickseed_session::error_chain;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::hosts::CONNECT_WITHIN;
use super::lease::Lease;
use super::pool::Pool;
use super::promises::Promises;
use crate::remote::connect::Failure;

/// How often the server is probed while nothing is wrong, so that an idle server too notices when PostgreSQL is gone.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long after a failed attempt to connect again the next one begins.
const PROBE_EVERY: Duration = Duration::from_millis(50);

/// How long such an attempt is waited for. Longer than a request, so that a server that hangs is not flooded with connections. A login
/// that takes longer goes on meanwhile, and a later attempt finds its connection.
const ATTEMPT_WITHIN: Duration = Duration::from_millis(500);

/// Probes the server after a failure and from time to time, opens the breaker and closes it again. Only this task probes, so that a
/// server that comes back is not flooded. It has a connection of its own, because a login may take longer than an answer may. Never
/// ends.
pub(super) async fn keep_alive(pool: Arc<Pool>, promises: Arc<Promises>, mut connection: Lease) {
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = pool.is_suspect.notified() => {}
            _ = looks.tick() => {}
        }
        if let Err(error) = probe(&pool, &promises, &mut connection).await {
            pool.breaker.open();
            let error = error_chain(&*error);
            tracing::warn!(error, "PostgreSQL does not answer; sessions in memory are served");
            connection = probe_until_it_answers(&pool).await;
            tracing::info!("PostgreSQL answers again");
        }
        pool.breaker.close();
    }
}

/// Tries new connections until they answer. Those from before may be dead without anybody knowing, so they are closed.
async fn probe_until_it_answers(pool: &Pool) -> Lease {
    pool.forget_connections();
    let mut attempts = 0;
    loop {
        if let Ok(Ok(connection)) = timeout(ATTEMPT_WITHIN, pool.try_connection()).await {
            // One more, which the first request finds. If that takes longer, the request can do without.
            drop(timeout(ATTEMPT_WITHIN, pool.try_connection()).await);
            pool.is_new.notify_one();
            return connection;
        }
        attempts += 1;
        if attempts == 1 {
            // By now the last requests from before the breaker opened are given up, too.
            pool.end_given_up();
        }
        sleep(PROBE_EVERY).await;
    }
}

/// Asks for the name of the server. If the change feed is connected to another one than this or than the newest connection, one of
/// them is no longer the one that accepts writes, so all connect again.
async fn probe(pool: &Pool, promises: &Promises, connection: &mut Lease) -> Result<(), Failure> {
    let mut answer = Err("there is no connection".into());
    if connection.is_usable() {
        answer = ask_name(pool, connection).await;
    }
    // A connection that was cut says nothing about the server. A server that says nothing leaves the connection usable.
    if answer.is_err() && !connection.is_usable() {
        // A login may take long although the server is fine.
        *connection = timeout(CONNECT_WITHIN, pool.try_connection()).await??;
        answer = ask_name(pool, connection).await;
    }
    let node = match answer {
        Ok(node) => node,
        // It answers, although not as it should: somebody may have dropped the function.
        Err(error) if is_answer(&error) => return Ok(()),
        Err(error) => return Err(error),
    };
    if promises.feed_is_at_another_node(&node) || promises.feed_is_left_behind() {
        tracing::warn!(
            "the change feed is connected to another PostgreSQL than the requests: all connect again"
        );
        pool.forget_connections();
        promises.end_feed();
    }
    Ok(())
}

async fn ask_name(pool: &Pool, connection: &mut Lease) -> Result<String, Failure> {
    let answer = pool.probe(connection, async |client| {
        let statement = client.prepare_cached("SELECT tickseed_node()").await?;
        client.query_one_scalar(&statement, &[]).await
    });
    answer.await
}

/// Returns whether an error is the answer to a statement. FATAL ones are about the connection.
fn is_answer(error: &Failure) -> bool {
    let answer = error.downcast_ref::<Error>().and_then(Error::as_db_error);
    answer.is_some_and(|answer| answer.parsed_severity() == Some(Severity::Error))
}
