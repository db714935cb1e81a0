//! What a Redis says about itself: its settings, its clock, its replicas, which process it is, and what it holds.

use deadpool_redis::redis::aio::MultiplexedConnection;
use deadpool_redis::redis::{RedisResult, cmd};
use tickseed_session::{CLOCK_TOLERANCE, Clock};

use super::durability::Settings;
use super::facts::MemoryReport;
use super::replicas;
use crate::StoreLoss;
use crate::remote::log_line::LogLine;
use crate::remote::possible_loss::Loss;

/// How many milliseconds the clock of Redis may be off before the server warns. Promises end at [`CLOCK_TOLERANCE`], which is more.
const CLOCK_TOLERANCE_MS: i64 = 250;

/// The answers of one Redis at one time.
#[derive(Debug, Clone)]
pub(super) struct Inspection {
    settings: Settings,
    /// How many milliseconds the clock of Redis is ahead of this server's.
    ahead_ms: i64,
    /// Whether another Redis may take over that lacks acknowledged writes. `None` if it is not known.
    has_replicas: Option<bool>,
    /// Missing if the user may not ask for it.
    process: Option<Process>,
}

/// A running Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Process {
    /// Another one after every start.
    run_id: String,
    /// How many keys the database holds.
    keys: u64,
    /// How many keys it has removed since its start because it was full.
    evicted: u64,
    /// How many bytes its memory takes.
    used_bytes: Option<u64>,
    /// How many bytes it may take. `None` without a limit.
    limit_bytes: Option<u64>,
}

impl Inspection {
    /// Asks a Redis.
    pub(super) async fn of(
        connection: &mut MultiplexedConnection,
        database: i64,
        clock: &dyn Clock,
    ) -> RedisResult<Self> {
        let (seconds, micros): (i64, i64) = cmd("TIME").query_async(connection).await?;
        let ahead_ms = seconds * 1_000 + micros / 1_000 - clock.now().millis();
        let settings = Settings::ask(connection).await?;
        let information: RedisResult<String> = cmd("INFO").query_async(connection).await;
        let information = match information {
            Ok(information) => information,
            Err(error) if error.is_io_error() || error.is_timeout() => return Err(error),
            // The user may not ask.
            Err(_) => String::new(),
        };
        let has_replicas = replicas::ask(connection, &information).await?;
        let process = Process::read(&information, database);
        Ok(Self { settings, ahead_ms, has_replicas, process })
    }

    /// Returns how much acknowledged writing may be lost, as far as this Redis says so.
    pub(super) fn loss(&self) -> Loss {
        let by_crash = self.settings.loss();
        let most = by_crash.filter(|_| self.has_replicas == Some(false));
        Loss { least: by_crash.unwrap_or_default(), most }
    }

    /// Returns what is worth a line in the log when a server first asks a Redis. `setting` says what the loss is where Redis does
    /// not.
    pub(super) fn lines(&self, setting: Option<StoreLoss>) -> Vec<LogLine> {
        self.settings_lines(setting).into_iter().chain(self.clock()).collect()
    }

    /// Returns what has changed since an earlier inspection and is worth a line in the log.
    pub(super) fn changes_since(&self, earlier: &Self, setting: Option<StoreLoss>) -> Vec<LogLine> {
        let process = self.process.as_ref().zip(earlier.process.as_ref());
        let mut lines = process.map_or_else(Vec::new, |(now, earlier)| now.changes_since(earlier));
        let known = earlier.settings_lines(setting);
        lines.extend(self.settings_lines(setting).into_iter().filter(|line| !known.contains(line)));
        lines.extend(self.clock().filter(|_| earlier.clock().is_none()));
        lines.extend(earlier.clock().filter(|_| self.clock().is_none()).map(|_| {
            LogLine::Info(format!(
                "has a clock that is at most {CLOCK_TOLERANCE_MS} ms away from this server's again"
            ))
        }));
        lines
    }

    /// Returns what this Redis says about its memory, if it does.
    pub(super) fn memory(&self) -> Option<MemoryReport> {
        let Process { run_id, evicted, used_bytes, limit_bytes, .. } = self.process.clone()?;
        Some(MemoryReport { run_id, used_bytes, limit_bytes, evicted })
    }

    /// Returns whether this Redis has removed sessions since an earlier inspection, and was not restarted.
    pub(super) fn has_evicted_since(&self, earlier: &Self) -> bool {
        self.process
            .as_ref()
            .zip(earlier.process.as_ref())
            .is_some_and(|(now, earlier)| now.run_id == earlier.run_id && now.evicted > earlier.evicted)
    }

    /// Says what a crash can lose, and warns if Redis removes sessions when it is full.
    fn settings_lines(&self, setting: Option<StoreLoss>) -> Vec<LogLine> {
        let durability = self.settings.durability();
        let durability = match self.unknown_loss(setting) {
            Some(consequence) => durability.and(consequence),
            None => durability,
        };
        std::iter::once(durability).chain(self.settings.eviction()).collect()
    }

    /// Says what follows if nobody knows how much acknowledged writing may be lost.
    fn unknown_loss(&self, setting: Option<StoreLoss>) -> Option<LogLine> {
        let loss = self.loss();
        if loss.most.is_some() {
            return None;
        }
        let reason = match self.has_replicas {
            Some(true) => "; it has replicas, and one that takes over may lack acknowledged writes",
            None => {
                "; it does not say whether it has replicas (INFO), and one that takes over may lack acknowledged writes"
            }
            Some(false) => "",
        };
        Some(match loss.or(setting).most {
            Some(most) => LogLine::Info(format!(
                "{reason}; changes of sessions with a notice allow for the loss of the last {} ms of writes, as {} says",
                most.as_millis(),
                if setting.is_some_and(|setting| setting.duration() < most) {
                    "appendfsync"
                } else {
                    "--store-loss-ms"
                }
            )),
            None => LogLine::Warning(format!(
                "{reason}; so nothing is promised about sessions with a notice until --store-loss-ms (or \
                 TICKSEED_STORE_LOSS_MS) says how many milliseconds of acknowledged writes can be lost, at most"
            )),
        })
    }

    fn clock(&self) -> Option<LogLine> {
        let (difference, direction) =
            (self.ahead_ms.abs(), if self.ahead_ms > 0 { "ahead of" } else { "behind" });
        let words = || {
            format!(
                "has a clock that is {difference} ms {direction} this server's, and more than {} ms is too much for promises \
                 about sessions with a notice; keep the clocks of Redis and of all servers in step with NTP",
                CLOCK_TOLERANCE.as_millis()
            )
        };
        (difference > CLOCK_TOLERANCE_MS).then(|| LogLine::Warning(words()))
    }
}

impl Process {
    /// Reads the output of INFO. Returns `None` if it lacks the id, as some managed services leave it out.
    fn read(information: &str, database: i64) -> Option<Self> {
        let field = |name: &str| {
            let value = |line: &'_ str| line.strip_prefix(name)?.strip_prefix(':').map(str::to_owned);
            information.lines().find_map(value)
        };
        let number = |text: Option<&str>| text.and_then(|text| text.parse().ok()).unwrap_or(0);
        // A database without keys is not listed.
        let keys = field(&format!("db{database}"));
        let keys = keys.as_deref().and_then(|keys| keys.strip_prefix("keys=")?.split(',').next());
        Some(Self {
            run_id: field("run_id")?,
            keys: number(keys),
            evicted: number(field("evicted_keys").as_deref()),
            used_bytes: field("used_memory").and_then(|bytes| bytes.parse().ok()),
            limit_bytes: field("maxmemory").and_then(|bytes| bytes.parse().ok()).filter(|bytes| *bytes > 0),
        })
    }

    fn changes_since(&self, earlier: &Self) -> Vec<LogLine> {
        let is_same = self.run_id == earlier.run_id;
        let evicted = self.evicted.saturating_sub(if is_same { earlier.evicted } else { 0 });
        let restart = (!is_same).then(|| self.restart(earlier));
        let eviction = (evicted > 0).then(|| {
            LogLine::Warning(format!(
                "was full and has removed {evicted} keys to make room: these sessions are lost; give it more memory, and \
                 set maxmemory-policy to noeviction"
            ))
        });
        restart.into_iter().chain(eviction).collect()
    }

    fn restart(&self, earlier: &Self) -> LogLine {
        let (keys, before) = (self.keys, earlier.keys);
        if keys == 0 {
            return LogLine::Warning(
                "was restarted, or is another Redis, and holds no sessions: all earlier ones are lost"
                    .to_owned(),
            );
        }
        let words =
            format!("was restarted, or is another Redis; it holds {keys} keys, and {before} when last asked");
        if keys < before {
            LogLine::Warning(format!("{words}: sessions may be lost"))
        } else {
            LogLine::Info(words)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SYNCED: (&str, &str) = ("no-appendfsync-on-rewrite", "no");
    const KEPT: [(&str, &str); 4] = [("appendonly", "yes"), ("appendfsync", "always"), ("save", ""), SYNCED];
    const IN_MEMORY: [(&str, &str); 4] =
        [("appendonly", "no"), ("appendfsync", "always"), ("save", ""), SYNCED];
    const SNAPSHOTS: [(&str, &str); 4] =
        [("appendonly", "no"), ("appendfsync", "always"), ("save", "60 1"), SYNCED];

    fn process(run_id: &str, keys: u64, evicted: u64) -> Process {
        Process { run_id: run_id.to_owned(), keys, evicted, used_bytes: None, limit_bytes: None }
    }

    fn inspection(settings: &[(&str, &str)], process: Option<Process>) -> Inspection {
        Inspection { settings: Settings::for_test(settings), ahead_ms: 0, has_replicas: Some(false), process }
    }

    fn warning(lines: &[LogLine]) -> &str {
        match lines {
            [LogLine::Warning(words)] => words,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_output_of_info_is_read() {
        let information = "# Server\r\nredis_version:7.0.15\r\nrun_id:ab12\r\n# Stats\r\nevicted_keys:7\r\n# Keyspace\r\n\
                           db0:keys=3,expires=1,avg_ttl=0\r\ndb10:keys=5,expires=0,avg_ttl=0\r\n";
        assert_eq!(Process::read(information, 0), Some(process("ab12", 3, 7)));
        assert_eq!(Process::read(information, 10), Some(process("ab12", 5, 7)));
        assert_eq!(Process::read(information, 1), Some(process("ab12", 0, 7)));
        assert_eq!(Process::read("# Server\r\n", 0), None);
    }

    #[test]
    fn a_redis_that_has_not_changed_gets_no_line() {
        let before = inspection(&KEPT, Some(process("a", 5, 2)));
        let after = inspection(&KEPT, Some(process("a", 0, 2)));
        assert_eq!(after.changes_since(&before, None), []);
        let hidden = inspection(&KEPT, None);
        assert_eq!(hidden.changes_since(&before, None), []);
        assert_eq!(before.changes_since(&hidden, None), []);
    }

    #[test]
    fn a_restart_gets_a_line_that_says_what_is_left() {
        let before = process("a", 5, 2);
        let empty = process("b", 0, 0).changes_since(&before);
        assert!(warning(&empty).ends_with("holds no sessions: all earlier ones are lost"));
        let fewer = process("b", 4, 0).changes_since(&before);
        assert!(warning(&fewer).ends_with("it holds 4 keys, and 5 when last asked: sessions may be lost"));
        let all = process("b", 5, 0).changes_since(&before);
        assert!(matches!(&all[..], [LogLine::Info(words)] if words.ends_with("when last asked")), "{all:?}");
    }

    #[test]
    fn evicted_sessions_are_counted_since_the_last_inspection() {
        let more = process("a", 5, 9).changes_since(&process("a", 5, 2));
        assert!(warning(&more).contains("has removed 7 keys"));
        let [_, after_a_restart] = &process("b", 5, 3).changes_since(&process("a", 5, 9))[..] else {
            panic!()
        };
        assert!(warning(std::slice::from_ref(after_a_restart)).contains("has removed 3 keys"));
    }

    #[test]
    fn only_changed_settings_are_reported_again() {
        let (before, after) = (inspection(&KEPT, None), inspection(&IN_MEMORY, None));
        assert!(warning(&after.changes_since(&before, None)).contains("keeps sessions in memory only"));
        let changed = before.changes_since(&after, None);
        assert!(matches!(&changed[..], [LogLine::Info(words)] if words.contains("no acknowledged write")));
    }

    #[test]
    fn a_clock_that_goes_wrong_gets_one_line() {
        let right = inspection(&KEPT, None);
        let off = |ahead_ms| Inspection { ahead_ms, ..right.clone() };
        assert_eq!(off(250).lines(None).len(), 1);
        assert!(warning(&off(251).changes_since(&right, None)).contains("251 ms ahead of this server's"));
        assert!(warning(&off(-251).changes_since(&right, None)).contains("251 ms behind this server's"));
        assert_eq!(off(300).changes_since(&off(260), None), []);
        let end = right.changes_since(&off(251), None);
        assert!(
            matches!(&end[..], [LogLine::Info(words)] if words.contains("at most 250 ms away")),
            "{end:?}"
        );
    }

    #[test]
    fn the_memory_is_read() {
        let information =
            "run_id:a\r\nused_memory:900\r\nused_memory_rss:950\r\nmaxmemory:1000\r\nevicted_keys:7\r\n";
        let of = |information: &str| inspection(&KEPT, Process::read(information, 0)).memory();
        let report = MemoryReport {
            run_id: "a".to_owned(),
            used_bytes: Some(900),
            limit_bytes: Some(1_000),
            evicted: 7,
        };
        assert_eq!(of(information), Some(report.clone()));
        let unlimited = MemoryReport { limit_bytes: None, ..report };
        assert_eq!(of(&information.replace("maxmemory:1000", "maxmemory:0")), Some(unlimited));
        assert_eq!(inspection(&KEPT, None).memory(), None);
    }

    #[test]
    fn an_unknown_loss_gets_words_that_say_what_to_set() {
        let of = |settings, has_replicas| Inspection { has_replicas, ..inspection(settings, None) };
        let setting = StoreLoss::from_millis(7_000).ok();
        for (unknown, reason) in [
            (of(&SNAPSHOTS, Some(false)), "loses less); so nothing is promised"),
            (of(&[], Some(false)), "can lose; so nothing is promised"),
            (of(&KEPT, Some(true)), "; it has replicas"),
            (of(&KEPT, None), "; it does not say whether it has replicas"),
        ] {
            assert_eq!(unknown.loss(), Loss { least: Duration::ZERO, most: None });
            let lines = unknown.lines(None);
            let words = warning(&lines);
            assert!(
                words.contains(reason) && words.contains("--store-loss-ms (or TICKSEED_STORE_LOSS_MS)"),
                "{words}"
            );
            let lines = format!("{:?}", unknown.lines(setting));
            assert!(lines.contains("the last 7000 ms") && !lines.contains("nothing is promised"), "{lines}");
        }
        for known in [of(&KEPT, Some(false)), of(&IN_MEMORY, Some(false))] {
            assert_eq!(known.loss(), Loss { least: Duration::ZERO, most: Some(Duration::ZERO) });
            assert_eq!(known.lines(setting), [known.settings.durability()]);
        }
    }

    #[test]
    fn replicas_make_no_loss_less_than_the_settings_say() {
        let every_second = [KEPT[0], ("appendfsync", "everysec"), KEPT[2], SYNCED];
        let with = Inspection { has_replicas: Some(true), ..inspection(&every_second, None) };
        let two_seconds = Duration::from_secs(2);
        assert_eq!(with.loss(), Loss { least: two_seconds, most: None });
        for (setting_ms, words) in
            [(500, "the last 2000 ms of writes, as appendfsync"), (7_000, "7000 ms of writes, as --store")]
        {
            let lines = format!("{:?}", with.lines(StoreLoss::from_millis(setting_ms).ok()));
            assert!(lines.contains(words), "{lines}");
        }
    }

    #[test]
    fn replicas_that_come_and_go_get_one_line_each() {
        let without = inspection(&KEPT, None);
        let with = Inspection { has_replicas: Some(true), ..without.clone() };
        assert!(warning(&with.changes_since(&without, None)).contains("it has replicas"));
        assert_eq!(with.changes_since(&with, None), []);
        assert_eq!(without.changes_since(&with, None), [without.settings.durability()]);
    }
}
