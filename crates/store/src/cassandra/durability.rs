//! What a crash of a node can lose, as the node and the keyspace say.

use std::time::Duration;

use scylla::client::session::Session as Driver;
use scylla::cluster::metadata::Strategy;

use crate::StoreLoss;
use crate::remote::log_line::LogLine;
use crate::remote::possible_loss::Loss;

/// With so many copies, a change that is acknowledged is on the disks of two machines.
const ENOUGH_COPIES: usize = 3;

/// What decides how much a node can lose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Durability {
    /// `batch`, `group` or `periodic`. `None` if the node does not say.
    pub(super) commit_log: Option<String>,
    /// `v1` or `v2`. `None` if the node does not say, or has only one.
    pub(super) paxos: Option<String>,
    pub(super) copies: Copies,
}

/// How the keyspace is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Copies {
    /// How many copies there are of each session, in all data centres.
    pub(super) number: usize,
    /// Whether changes are written to the commit log at all.
    pub(super) are_logged: bool,
}

impl Copies {
    /// Returns how a keyspace is kept, as the driver has last read it.
    pub(super) fn of(driver: &Driver, keyspace: &str) -> Self {
        let cluster = driver.get_cluster_state();
        let Some(keyspace) = cluster.get_keyspace(keyspace) else {
            return Self { number: 0, are_logged: false };
        };
        let number = match &keyspace.strategy {
            Strategy::SimpleStrategy { replication_factor } => *replication_factor,
            Strategy::NetworkTopologyStrategy { datacenter_repfactors } => {
                datacenter_repfactors.values().sum()
            }
            _ => 1,
        };
        Self { number, are_logged: keyspace.durable_writes }
    }
}

impl Durability {
    /// Returns how much acknowledged writing a crash can lose, if that is known.
    pub(super) fn loss(&self) -> Loss {
        let is_synced =
            self.copies.are_logged && matches!(self.commit_log.as_deref(), Some("batch" | "group"));
        let loses_nothing = is_synced && self.copies.number >= ENOUGH_COPIES;
        Loss { least: Duration::ZERO, most: loses_nothing.then_some(Duration::ZERO) }
    }

    /// Returns whether a change that was left half done is dated anew when it is completed.
    pub(super) fn dates_anew(&self) -> bool {
        self.paxos.as_deref() == Some("v1")
    }

    /// Says what a crash can lose.
    pub(super) fn line(&self, setting: Option<StoreLoss>) -> LogLine {
        let reason = self.reason();
        let Loss { most, .. } = self.loss().or(setting);
        match (self.loss().most, most) {
            (Some(_), _) => LogLine::Info(reason),
            (None, Some(most)) => LogLine::Info(format!(
                "{reason}; changes of sessions with a notice allow for the loss of the last {} ms of writes, as --store-loss-ms says",
                most.as_millis()
            )),
            (None, None) => LogLine::Warning(format!(
                "{reason}; so nothing is promised about sessions with a notice until --store-loss-ms (or \
                 TICKSEED_STORE_LOSS_MS) says how many milliseconds of acknowledged writes can be lost, at most"
            )),
        }
    }

    fn reason(&self) -> String {
        let Copies { number, are_logged } = self.copies;
        let copies = if number == 1 { "one copy".to_owned() } else { format!("{number} copies") };
        if !are_logged {
            return "does not log the writes to its keyspace (durable_writes: false): a crash loses them"
                .to_owned();
        }
        match self.commit_log.as_deref() {
            Some(sync @ ("batch" | "group")) if number >= ENOUGH_COPIES => format!(
                "syncs its commit log before it answers (commitlog_sync: {sync}), and there are {copies} of each session: a crash \
                 loses no acknowledged write"
            ),
            Some(sync @ ("batch" | "group")) => format!(
                "syncs its commit log before it answers (commitlog_sync: {sync}), but there is no more than {copies} of each session: \
                 a disk that fails can take acknowledged writes with it (replication 3 loses none)"
            ),
            Some(sync) => format!(
                "syncs its commit log only now and then (commitlog_sync: {sync}): a crash of its machine can lose acknowledged \
                 writes (batch loses none)"
            ),
            None => "hides its settings (system_views.settings), so this server does not know what its crash can lose".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn durability(commit_log: Option<&str>, number: usize, are_logged: bool) -> Durability {
        let commit_log = commit_log.map(str::to_owned);
        Durability { commit_log, paxos: None, copies: Copies { number, are_logged } }
    }

    #[test]
    fn nothing_is_lost_with_three_copies_and_a_commit_log_that_is_synced_before_the_answer() {
        for (commit_log, number, are_logged, is_known) in [
            (Some("batch"), 3, true, true),
            (Some("group"), 5, true, true),
            (Some("batch"), 3, false, false),
            (Some("batch"), 2, true, false),
            (Some("periodic"), 3, true, false),
            (None, 3, true, false),
        ] {
            let durability = durability(commit_log, number, are_logged);
            let most = is_known.then_some(Duration::ZERO);
            assert_eq!(durability.loss(), Loss { least: Duration::ZERO, most }, "{durability:?}");
            let line = durability.line(None);
            assert_eq!(matches!(line, LogLine::Info(_)), is_known, "{line:?}");
            let LogLine::Info(words) = durability.line(StoreLoss::from_millis(7_000).ok()) else {
                panic!("the setting says it")
            };
            assert_eq!(words.contains("the last 7000 ms"), !is_known, "{words}");
        }
    }
}
