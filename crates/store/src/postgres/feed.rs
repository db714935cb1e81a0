//! The change feed of PostgreSQL.
//!
//! One connection listens to a channel on which every change is announced. PostgreSQL delivers announcements in the order of their
//! commits, and holds up those that follow a commit which hangs. So a proof, which the connection announces to itself, shows when it
//! comes back that every change committed before the proof was sent has arrived. A pooler such as PgBouncer passes no announcements
//! on, so the connection leads to PostgreSQL itself.

use std::future::poll_fn;
use std::sync::{Arc, Weak};
use std::time::Duration;

use deadpool_postgres::tokio_postgres::tls::TlsStream;
use deadpool_postgres::tokio_postgres::{
    AsyncMessage, Client, Config, Connection, Notification, Socket, Statement,
};
use futures_util::future::try_join;
use tickseed_session::{Revision, SessionId, StoreChange, Subscriber, error_chain};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::hosts::{CONNECT_WITHIN, connect_to_one};
use super::pool::Pool;
use super::promises::{PART, Promises};
use super::schema::WRITE_LOCK;
use crate::remote::clock_distance::ClockReading;
use crate::remote::connect::Failure;

/// How often the connection is proved to be caught up. Several times within the time that such a proof counts.
const PROVE_EVERY: Duration = Duration::from_millis(25);
/// How long the connection may be silent before it counts as lost.
const LOST_AFTER: Duration = Duration::from_secs(1);
/// How long after a loss the next attempt begins.
const RETRY_AFTER: Duration = Duration::from_millis(50);

/// A proof costs no sync of the disk, and a write that hangs ends the connection rather than holding up the writes behind the proof.
const SETTINGS: &str = "SET synchronous_commit = off; SET lock_timeout = '1s'";

/// Everything that the change feed needs.
pub(super) struct Feed {
    /// How to connect to each of the hosts.
    pub(super) hosts: Vec<Config>,
    pub(super) promises: Arc<Promises>,
    pub(super) pool: Arc<Pool>,
    pub(super) subscriber: Weak<dyn Subscriber>,
}

/// A connection that listens.
struct Listening {
    client: Client,
    /// Asks for the time and the name of the server.
    time: Statement,
    /// The channel of the proofs, which nobody else listens to.
    proofs: String,
}

impl Feed {
    /// Reports to the subscriber until it is gone. Connects again after every loss.
    pub(super) async fn run(self) {
        let mut is_lost = false;
        while let Err(error) = self.report_until_lost(&mut is_lost).await {
            self.promises.feed_is_lost();
            if !std::mem::replace(&mut is_lost, true) {
                let error = error_chain(&*error);
                tracing::warn!(error, "the change feed is lost: sessions are read from PostgreSQL");
            }
            sleep(RETRY_AFTER).await;
            if self.subscriber.strong_count() == 0 {
                return;
            }
        }
    }

    /// Reports changes until the connection is lost or the subscriber is gone.
    async fn report_until_lost(&self, is_lost: &mut bool) -> Result<(), Failure> {
        let connecting = connect_to_one(&self.hosts, &self.pool.tls);
        let (client, connection) = timeout(CONNECT_WITHIN, connecting).await??;
        let (arrived, proofs) = watch::channel(0);
        let prove = async {
            let listening = timeout(LOST_AFTER, Listening::begin(client)).await??;
            self.prove(listening, proofs, is_lost).await
        };
        tokio::select! {
            ended = prove => ended,
            lost = self.receive(connection, &arrived) => lost,
            () = self.promises.feed_must_end() => Err("another server has taken its place".into()),
        }
    }

    /// Proves again and again that the feed is caught up. Returns when the subscriber is gone.
    async fn prove(
        &self,
        listening: Listening,
        mut arrived: watch::Receiver<u64>,
        is_lost: &mut bool,
    ) -> Result<(), Failure> {
        let (node, _) = timeout(LOST_AFTER, listening.time()).await??;
        let Some(subscriber) = self.subscriber.upgrade() else { return Ok(()) };
        // A PostgreSQL that was restarted may have other settings.
        self.promises.feed_has_connected(node);
        subscriber.restarted(PART);
        drop(subscriber);
        self.pool.is_new.notify_one();
        if std::mem::take(is_lost) {
            tracing::info!("the change feed is back");
        }
        for number in 1.. {
            let sent_at = ClockReading::now(self.promises.clock());
            timeout(LOST_AFTER, self.prove_once(&listening, number, sent_at, &mut arrived)).await??;
            let Some(subscriber) = self.subscriber.upgrade() else { break };
            subscriber.caught_up_to(PART, sent_at.uptime, self.promises.certain());
            drop(subscriber);
            self.promises.log_changes();
            sleep(PROVE_EVERY).await;
        }
        Ok(())
    }

    /// Sends a proof and waits until it has come back. Asks for the time first, so that a proof which waits for a write does not make
    /// the clock seem far away.
    async fn prove_once(
        &self,
        listening: &Listening,
        number: u64,
        sent_at: ClockReading,
        arrived: &mut watch::Receiver<u64>,
    ) -> Result<(), Failure> {
        let measure = async {
            let (node, time_us) = listening.time().await?;
            self.promises.note_clock(&node, sent_at, time_us);
            Ok(())
        };
        try_join(measure, listening.announce(number)).await?;
        arrived.wait_for(|arrived| *arrived >= number).await?;
        self.promises.note_proof(sent_at);
        Ok(())
    }

    /// Receives everything that arrives on the connection. Ends only with an error.
    async fn receive<Stream: TlsStream + Unpin>(
        &self,
        mut connection: Connection<Socket, Stream>,
        arrived: &watch::Sender<u64>,
    ) -> Result<(), Failure> {
        loop {
            match poll_fn(|context| connection.poll_message(context)).await {
                Some(Ok(AsyncMessage::Notification(announcement))) => {
                    self.receive_one(&announcement, arrived)?;
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
                None => return Err("PostgreSQL has closed the connection".into()),
            }
        }
    }

    fn receive_one(&self, announcement: &Notification, arrived: &watch::Sender<u64>) -> Result<(), Failure> {
        if announcement.channel().ends_with(PROOFS) {
            arrived.send_replace(announcement.payload().parse()?);
            return Ok(());
        }
        let Some(subscriber) = self.subscriber.upgrade() else { return Ok(()) };
        if let Some(change) = change(announcement.payload()) {
            subscriber.changed(change);
        } else {
            tracing::error!("an announcement of the change feed cannot be read: sessions will be read again");
            subscriber.restarted(PART);
        }
        Ok(())
    }
}

/// What the name of the channel of proofs ends with.
const PROOFS: &str = "_proofs";

impl Listening {
    /// Listens to the changes, and to the proofs of this connection.
    async fn begin(client: Client) -> Result<Self, Failure> {
        client.batch_execute(SETTINGS).await?;
        let query = "SELECT tickseed_channel(), tickseed_channel() || '_' || pg_backend_pid()";
        let row = client.query_one(query, &[]).await?;
        let (channel, own): (String, String) = (row.get(0), row.get(1));
        let proofs = format!("{own}{PROOFS}");
        client.batch_execute(&format!("LISTEN \"{channel}\"; LISTEN \"{proofs}\"")).await?;
        let time = client.prepare("SELECT tickseed_node(), tickseed_now_us()").await?;
        Ok(Self { client, time, proofs })
    }

    /// Returns the name of the server, and its time.
    async fn time(&self) -> Result<(String, i64), Failure> {
        let row = self.client.query_one(&self.time, &[]).await?;
        Ok((row.get(0), row.get(1)))
    }

    /// Announces a proof, once every write is visible that has looked at the clock.
    async fn announce(&self, number: u64) -> Result<(), Failure> {
        // Both statements are one transaction.
        let proof =
            format!("SELECT pg_advisory_xact_lock({WRITE_LOCK}); NOTIFY \"{}\", '{number}'", self.proofs);
        Ok(self.client.batch_execute(&proof).await?)
    }
}

/// Reads an announcement: the UUID, and the revision, `deleted` or `removed`.
fn change(announcement: &str) -> Option<StoreChange> {
    let (id, what) = announcement.split_once(' ')?;
    let id = SessionId::from_bytes(uuid::Uuid::try_parse(id).ok()?.into_bytes());
    Some(match what {
        "deleted" => StoreChange::Deleted { id },
        "removed" => StoreChange::Removed { id },
        revision => {
            let revision = Revision::new(revision.parse().ok()?).ok()?;
            StoreChange::Replaced { id, revision, record: None }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "018f3e5c-9a3b-7c5d-8e6f-0a1b2c3d4e5f";

    #[test]
    fn announcements_are_read_as_they_are_written() {
        let read = |what: &str| change(&format!("{ID} {what}")).map(|change| format!("{change:?}"));
        assert_eq!(read("7").unwrap(), format!("Replaced(sess_{ID}, 7)"));
        assert_eq!(read("deleted").unwrap(), format!("Deleted(sess_{ID})"));
        assert_eq!(read("removed").unwrap(), format!("Removed(sess_{ID})"));
    }

    #[test]
    fn anything_else_is_no_announcement() {
        for text in [
            "",
            ID,
            "x 1",
            "sess_018f3e5c-9a3b-7c5d-8e6f-0a1b2c3d4e5f",
            "018f3e5c-9a3b-7c5d-8e6f-0a1b2c3d4e5f x",
            "018f3e5c 1",
        ] {
            assert!(change(text).is_none(), "{text}");
        }
        assert!(change(&format!("{ID} 0")).is_none() && change(&format!("{ID} -1")).is_none());
        assert!(change(&format!("{ID} {}", u64::MAX)).is_none());
    }
}
