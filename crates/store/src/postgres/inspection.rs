//! What PostgreSQL says about its settings, and what a crash can lose by them.

use std::time::Duration;

use deadpool_postgres::tokio_postgres::{Client, Error, Row};

use crate::remote::log_line::LogLine;
use crate::remote::possible_loss::Loss;

/// How many times the delay of the writer of the log an unsynced commit can be lost after, by PostgreSQL's documentation.
const DELAYS_OF_WRITER: u32 = 3;

const QUERY: &str = "
    SELECT
      current_setting('server_version_num')::integer,
      current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on',
      current_setting('synchronous_commit'),
      (SELECT setting::bigint FROM pg_settings WHERE name = 'wal_writer_delay'),
      current_setting('synchronous_standby_names') <> ''
        AND NOT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'async' AND state <> 'backup'),
      EXISTS (SELECT FROM pg_stat_replication WHERE state IS DISTINCT FROM 'backup')
";

/// The settings that decide what is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Inspection {
    /// 150004 for version 15.4.
    pub(super) version: i32,
    /// Whether it brings its files to the disk at all, and whole.
    syncs: bool,
    /// When a commit counts as done.
    commit: String,
    /// In milliseconds.
    writer_delay: u32,
    /// Whether a commit waits for every standby that it knows of. Only members of `pg_monitor` see which ones it does not wait for.
    waits_for_standbys: bool,
    has_standbys: bool,
}

impl Inspection {
    /// Asks a server.
    pub(super) async fn of(client: &Client) -> Result<Self, Error> {
        client.query_one(QUERY, &[]).await.map(|row| Self::read(&row))
    }

    fn read(row: &Row) -> Self {
        Self {
            version: row.get(0),
            syncs: row.get(1),
            commit: row.get(2),
            writer_delay: u32::try_from(row.get::<_, i64>(3)).unwrap_or(u32::MAX),
            waits_for_standbys: row.get(4),
            has_standbys: row.get(5),
        }
    }

    /// Returns how much acknowledged writing may be lost.
    pub(super) fn loss(&self) -> Loss {
        let least = if self.commit == "off" { self.writer_delay() } else { Duration::ZERO };
        let is_known = self.syncs && self.commit != "off" && !self.loses_by_failover();
        Loss { least, most: is_known.then_some(Duration::ZERO) }
    }

    /// Says what a crash can lose.
    pub(super) fn durability(&self) -> LogLine {
        if !self.syncs {
            return LogLine::Warning(
                "does not sync its files (fsync or full_page_writes is off): a crash of its machine can lose or damage all sessions"
                    .to_owned(),
            );
        }
        if self.commit == "off" {
            return LogLine::Warning(format!(
                "acknowledges writes before they are on the disk (synchronous_commit off): a crash can lose {} ms of new and \
                 changed sessions",
                self.writer_delay().as_millis()
            ));
        }
        let line = "syncs each write before it answers: a crash of PostgreSQL or of its machine loses no acknowledged write";
        if self.loses_by_failover() {
            return LogLine::Warning(format!(
                "{line}; but it does not wait for its standbys (synchronous_standby_names lacks them, or synchronous_commit is \
                 local), so one that takes over may lack the last writes"
            ));
        }
        LogLine::Info(line.to_owned())
    }

    /// Returns whether a standby that takes over may lack acknowledged writes.
    fn loses_by_failover(&self) -> bool {
        self.has_standbys && (!self.waits_for_standbys || self.commit == "local")
    }

    fn writer_delay(&self) -> Duration {
        Duration::from_millis(self.writer_delay.into()) * DELAYS_OF_WRITER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(commit: &str) -> Inspection {
        Inspection {
            version: 150_000,
            syncs: true,
            commit: commit.to_owned(),
            writer_delay: 200,
            waits_for_standbys: false,
            has_standbys: false,
        }
    }

    #[test]
    fn nothing_is_lost_by_default() {
        for commit in ["on", "remote_write", "remote_apply", "local"] {
            assert_eq!(settings(commit).loss(), Loss { least: Duration::ZERO, most: Some(Duration::ZERO) });
            assert!(matches!(settings(commit).durability(), LogLine::Info(_)));
        }
    }

    #[test]
    fn a_commit_that_is_not_synced_can_be_lost() {
        let loss = Loss { least: Duration::from_millis(600), most: None };
        assert_eq!(settings("off").loss(), loss);
        assert!(format!("{:?}", settings("off").durability()).contains("can lose 600 ms"));
        let unsynced = Inspection { syncs: false, ..settings("on") };
        assert_eq!(unsynced.loss(), Loss { least: Duration::ZERO, most: None });
        assert!(format!("{:?}", unsynced.durability()).contains("fsync"));
    }

    #[test]
    fn a_standby_must_be_waited_for() {
        let with_standbys = |commit, waits_for_standbys| Inspection {
            has_standbys: true,
            waits_for_standbys,
            ..settings(commit)
        };
        for (commit, waits, most) in
            [("on", true, Some(Duration::ZERO)), ("on", false, None), ("local", true, None)]
        {
            let inspection = with_standbys(commit, waits);
            assert_eq!(inspection.loss().most, most, "{commit} {waits}");
            assert_eq!(format!("{:?}", inspection.durability()).contains("takes over"), most.is_none());
        }
    }
}
