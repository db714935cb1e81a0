//! The connection to Redis for requests: one for all of them, with a time limit for each and circuit breakers.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use deadpool_redis::redis::{
    Cmd, ErrorKind, FromRedisValue, RedisResult, ScriptInvocation, ServerErrorKind, cmd,
};
use futures_util::future::{join_all, select_ok};
use tokio::sync::{Notify, mpsc};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use tickseed_session::{StoreError, error_chain};

use super::RedisAddress;
use super::breaker::{Breakers, Suspect};
use super::driver::{CONNECT_TIMEOUT, Connection, TimeLimits};
use crate::StoreTimeout;

/// How often Redis is probed while nothing is wrong, so that an idle server too notices when Redis is gone, and reconnects before
/// the next request.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often a silent Redis is probed.
const PROBE_EVERY: Duration = Duration::from_millis(50);

/// How often the connection to a cluster is replaced while a node does not answer. Less often, because requests to the other nodes
/// use it, and the driver itself looks for the node.
const CLUSTER_RECONNECT_EVERY: Duration = Duration::from_secs(1);

/// How many keys a check of a cluster asks for: so many that they are spread over its masters.
const CHECK_KEYS: usize = 16;

/// The connection that all requests share. Clones share it too.
#[derive(Clone)]
pub(super) struct SharedConnection {
    address: RedisAddress,
    limits: TimeLimits,
    connection: Arc<RwLock<Connection>>,
    breakers: Breakers,
    /// Notified when the other end has closed a connection.
    is_lost: Arc<Notify>,
    /// Notified when the Redis at the other end is no longer a master.
    is_demoted: Arc<Notify>,
    /// Notified when there is a new connection, perhaps to another Redis.
    is_new: Arc<Notify>,
}

impl SharedConnection {
    /// Connects. Also returns the queue for [`keep_alive`](Self::keep_alive), which must run as long as the connection.
    pub(super) async fn open(
        address: RedisAddress,
        timeout: StoreTimeout,
    ) -> RedisResult<(Self, mpsc::UnboundedReceiver<Suspect>)> {
        let (limits, is_lost) = (TimeLimits::new(timeout), Arc::new(Notify::new()));
        let connection = Connection::open(&address, limits.answer, CONNECT_TIMEOUT, Arc::clone(&is_lost));
        let connection = Arc::new(RwLock::new(connection.await?));
        let (breakers, suspects) = Breakers::new(address.is_cluster());
        let (is_demoted, is_new) = (Arc::default(), Arc::default());
        Ok((Self { address, limits, connection, breakers, is_lost, is_demoted, is_new }, suspects))
    }

    /// Returns what is notified when there is a new connection, perhaps to another Redis.
    pub(super) fn is_new(&self) -> Arc<Notify> {
        Arc::clone(&self.is_new)
    }

    /// Sends a command about `key` and about no other key.
    pub(super) async fn send<T: FromRedisValue>(&self, key: &str, command: Cmd) -> Result<T, StoreError> {
        let mut connection = self.connection();
        self.guard(key, command.query_async(&mut connection)).await
    }

    /// Calls a script about `key` and about no other key.
    pub(super) async fn call<T: FromRedisValue>(
        &self,
        key: &str,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, StoreError> {
        let mut connection = self.connection();
        self.guard(key, script.invoke_async(&mut connection)).await
    }

    /// Waits for an answer with the time limit, unless the breaker is open.
    async fn guard<T>(
        &self,
        key: &str,
        answer: impl Future<Output = RedisResult<T>>,
    ) -> Result<T, StoreError> {
        if self.breakers.is_open(key) {
            return Err(StoreError::NotAsked);
        }
        let error: Box<dyn std::error::Error + Send + Sync> = match timeout(self.limits.answer, answer).await
        {
            Ok(Ok(value)) => return Ok(value),
            // The driver has the same time limit.
            Ok(Err(error)) if error.is_timeout() => self.no_answer().into(),
            Ok(Err(error)) => {
                if error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly) {
                    self.is_demoted.notify_one();
                }
                error.into()
            }
            Err(_) => self.no_answer().into(),
        };
        // Whatever the error is, the probe finds out whether it is about this request only, for example because Redis is full. The
        // driver repeats some errors of a connection until the connection is replaced.
        self.breakers.suspect(key);
        Err(StoreError::unavailable(error))
    }

    /// Returns the keys to ask for to find out whether Redis answers, or any master of a cluster.
    fn check_keys(&self) -> impl Iterator<Item = String> + use<> {
        check_keys().take(if self.address.is_cluster() { CHECK_KEYS } else { 1 })
    }

    fn no_answer(&self) -> String {
        format!("Redis did not answer within {:?}", self.limits.answer)
    }

    /// Checks that Redis answers, or any master of a cluster.
    pub(super) async fn check(&self) -> Result<(), StoreError> {
        let checks =
            self.check_keys().map(|key| Box::pin(async move { self.send::<bool>(&key, exists(&key)).await }));
        select_ok(checks).await.map(|_| ())
    }

    /// Probes what has failed to answer, closes the breakers when it answers again, and replaces the connection when it has to.
    /// Needs no request for that. Only this task probes, so that a Redis that comes back is not flooded.
    pub(super) async fn keep_alive(self, mut suspects: mpsc::UnboundedReceiver<Suspect>) {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                first = suspects.recv() => match first {
                    Some(first) => self.investigate(first, &mut suspects).await,
                    None => return,
                },
                () = self.is_lost.notified() => {
                    // The driver reconnects by itself, but only once.
                    if self.look().await {
                        self.is_new.notify_one();
                    }
                }
                () = self.is_demoted.notified() => {
                    self.reconnect().await;
                    self.is_new.notify_one();
                }
                _ = looks.tick() => drop(self.look().await),
            }
        }
    }

    /// Probes a few keys, and makes those suspect that get no answer. Returns whether all of them get one.
    async fn look(&self) -> bool {
        let probes = self.check_keys().map(async |key| (self.probe(&key).await, key));
        let mut all_answer = true;
        for (answer, key) in join_all(probes).await {
            if answer.is_err() {
                self.breakers.suspect(&key);
                all_answer = false;
            }
        }
        all_answer
    }

    /// Probes a suspect. If it gets no answer, probes until everything answers, and replaces the connection meanwhile; a Redis
    /// that was only slow answers on the old one.
    async fn investigate(&self, first: Suspect, suspects: &mut mpsc::UnboundedReceiver<Suspect>) {
        let (open, reason) = self.probe_all(vec![first]).await;
        if open.is_empty() {
            return;
        }
        tracing::warn!(error = reason, "Redis does not answer; sessions in memory are served");
        tokio::select! {
            () = self.probe_until_all_answer(open, suspects) => {}
            () = self.keep_reconnecting() => {}
        }
        tracing::info!("Redis answers again");
        self.is_new.notify_one();
    }

    async fn probe_until_all_answer(
        &self,
        mut open: Vec<Suspect>,
        suspects: &mut mpsc::UnboundedReceiver<Suspect>,
    ) {
        while !open.is_empty() {
            sleep(PROBE_EVERY).await;
            while let Ok(another) = suspects.try_recv() {
                open.push(another);
            }
            (open, _) = self.probe_all(open).await;
        }
    }

    /// Probes suspects. Opens the breakers of those that get no answer and returns them, with a reason; closes the others.
    async fn probe_all(&self, suspects: Vec<Suspect>) -> (Vec<Suspect>, String) {
        let probes = suspects.into_iter().map(async |suspect| (self.probe(&suspect.key).await, suspect));
        let (mut open, mut reason) = (Vec::new(), String::new());
        for (answer, suspect) in join_all(probes).await {
            if let Err(error) = answer {
                self.breakers.open(&suspect);
                open.push(suspect);
                reason = error;
            } else {
                self.breakers.close(&suspect);
            }
        }
        (open, reason)
    }

    /// Returns why Redis does not answer for a key, if it does not.
    async fn probe(&self, key: &str) -> Result<(), String> {
        let mut connection = self.connection();
        match timeout(self.limits.answer, exists(key).exec_async(&mut connection)).await {
            Ok(Err(error)) if !error.is_timeout() => Err(error_chain(&error)),
            Ok(Ok(())) => Ok(()),
            _ => Err(self.no_answer()),
        }
    }

    /// Never ends.
    async fn keep_reconnecting(&self) {
        let pause = if self.address.is_cluster() { CLUSTER_RECONNECT_EVERY } else { PROBE_EVERY };
        loop {
            sleep(pause).await;
            self.reconnect().await;
        }
    }

    /// Replaces the connection, if a new one can be made. The old one reconnects by itself only when it notices that it is lost, and
    /// after a cut of the network it may stay silent for many minutes.
    async fn reconnect(&self) {
        let TimeLimits { answer, connect_node, reconnect } = self.limits;
        let connection = Connection::open(&self.address, answer, connect_node, Arc::clone(&self.is_lost));
        if let Ok(Ok(connection)) = timeout(reconnect, connection).await {
            *self.connection.write().unwrap_or_else(PoisonError::into_inner) = connection;
        }
    }

    fn connection(&self) -> Connection {
        self.connection.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Returns keys that are spread over the masters of a cluster.
pub(super) fn check_keys() -> impl Iterator<Item = String> {
    (0..CHECK_KEYS).map(|number| format!("session:{{{number}}}"))
}

pub(super) fn exists(key: &str) -> Cmd {
    let mut exists = cmd("EXISTS");
    exists.arg(key);
    exists
}
