//! Puts in words what a crash of Redis can lose, and other settings that cost sessions.

use std::collections::HashMap;
use std::time::Duration;

use deadpool_redis::redis::aio::MultiplexedConnection;
use deadpool_redis::redis::{RedisResult, cmd};

use crate::remote::log_line::LogLine;

/// What Redis can lose if it syncs its append-only file every second: the write of a second waits for the sync of the one before.
const LOSS_OF_EVERYSEC: Duration = Duration::from_secs(2);

/// The settings to ask for.
const NAMES: [&str; 6] =
    ["appendonly", "appendfsync", "no-appendfsync-on-rewrite", "save", "maxmemory", "maxmemory-policy"];

/// The settings of a Redis that decide what is kept. Managed services often hide them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings(Option<HashMap<String, String>>);

impl Settings {
    /// Asks for the settings. A Redis that hides them is no error.
    pub(super) async fn ask(connection: &mut MultiplexedConnection) -> RedisResult<Self> {
        let mut settings = HashMap::new();
        // One at a time, because Redis 6 takes only one, and a pattern would fetch passwords too.
        for name in NAMES {
            let answer: RedisResult<HashMap<String, String>> =
                cmd("CONFIG").arg("GET").arg(name).query_async(connection).await;
            match answer {
                Ok(answer) => settings.extend(answer),
                Err(error) if error.is_io_error() || error.is_timeout() => return Err(error),
                Err(_) => return Ok(Self(None)),
            }
        }
        Ok(Self(Some(settings)))
    }

    /// Returns how much acknowledged writing a crash can lose, if that is known. Where nothing is kept it is nothing: no session
    /// comes back in an earlier state. What a replica lacks that takes over does not count here.
    pub(super) fn loss(&self) -> Option<Duration> {
        let (append_only, sync) = (self.setting("appendonly")?, self.setting("appendfsync")?);
        let syncs_always = self.setting("no-appendfsync-on-rewrite") == Some("no");
        match (append_only, sync) {
            ("yes", "always") if syncs_always => Some(Duration::ZERO),
            ("yes", "everysec") if syncs_always => Some(LOSS_OF_EVERYSEC),
            ("no", _) if self.setting("save")?.is_empty() => Some(Duration::ZERO),
            _ => None,
        }
    }

    fn setting(&self, name: &str) -> Option<&str> {
        self.0.as_ref()?.get(name).map(String::as_str)
    }

    /// Says what a crash can lose.
    pub(super) fn durability(&self) -> LogLine {
        let (Some(append_only), Some(sync), Some(save)) =
            (self.setting("appendonly"), self.setting("appendfsync"), self.setting("save"))
        else {
            return LogLine::Warning(
                "hides its settings (CONFIG GET), so this server does not know what its crash can lose"
                    .to_owned(),
            );
        };
        match (append_only, sync, save) {
            ("yes", "always" | "everysec", _) if self.setting("no-appendfsync-on-rewrite") == Some("yes") => {
                LogLine::Warning(
                    "does not sync its append-only file while it rewrites it (no-appendfsync-on-rewrite yes): a crash of its \
                     machine can then lose about thirty seconds of new and changed sessions"
                        .to_owned(),
                )
            }
            ("yes", "always", _) => LogLine::Info(
                "syncs its append-only file before it answers: a crash of Redis or of its machine loses no acknowledged write"
                    .to_owned(),
            ),
            ("yes", "everysec", _) => LogLine::Warning(
                "syncs its append-only file every second: a crash of Redis or of its machine can lose about two seconds of \
                 new and changed sessions (appendfsync always loses none)"
                    .to_owned(),
            ),
            ("yes", ..) => LogLine::Warning(
                "leaves syncing its append-only file to the operating system: a crash of its machine can lose about \
                 thirty seconds of new and changed sessions (appendfsync always loses none)"
                    .to_owned(),
            ),
            (_, _, "") => LogLine::Warning(
                "keeps sessions in memory only: all are lost when it stops (appendonly yes keeps them)".to_owned(),
            ),
            (_, _, save) => LogLine::Warning(format!(
                "has no append-only file, only snapshots (save {save}: seconds and changes): a crash loses every \
                 change since the last one (appendonly yes loses less)"
            )),
        }
    }

    /// Returns a warning if Redis removes sessions when it is full.
    pub(super) fn eviction(&self) -> Option<LogLine> {
        let (limit, policy) = (self.setting("maxmemory")?, self.setting("maxmemory-policy")?);
        let words = || {
            format!("removes sessions when it is full (maxmemory-policy {policy}); set that to noeviction")
        };
        (limit != "0" && policy != "noeviction").then(|| LogLine::Warning(words()))
    }

    /// Settings for a test.
    #[cfg(test)]
    pub(super) fn for_test(settings: &[(&str, &str)]) -> Self {
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self(Some(settings.collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(append_only: &str, sync: &str, save: &str) -> Settings {
        Settings::for_test(&[
            ("appendonly", append_only),
            ("appendfsync", sync),
            ("save", save),
            ("no-appendfsync-on-rewrite", "no"),
        ])
    }

    /// Settings that sync the file only while it is not being rewritten.
    fn unsynced_while_rewriting(sync: &str) -> Settings {
        Settings::for_test(&[
            ("appendonly", "yes"),
            ("appendfsync", sync),
            ("save", ""),
            ("no-appendfsync-on-rewrite", "yes"),
        ])
    }

    #[test]
    fn each_setting_has_a_description_of_what_a_crash_can_lose() {
        let words = |settings: &Settings, expected: &str| match settings.durability() {
            LogLine::Warning(words) => assert!(words.contains(expected), "{words}"),
            LogLine::Info(words) => panic!("{words}"),
        };
        assert!(
            matches!(settings("yes", "always", "").durability(), LogLine::Info(words) if words.contains("loses no acknowledged write"))
        );
        words(&settings("yes", "everysec", "3600 1"), "about two seconds");
        words(&settings("yes", "no", ""), "thirty seconds");
        words(&unsynced_while_rewriting("always"), "while it rewrites it");
        words(&settings("no", "everysec", "3600 1"), "since the last one");
        words(&settings("no", "always", ""), "in memory only");
        words(&Settings::for_test(&[]), "hides its settings");
        words(&Settings(None), "hides its settings");
    }

    #[test]
    fn the_loss_is_known_only_if_the_settings_bound_it() {
        let millis = |settings: &Settings| settings.loss().map(|loss| loss.as_millis());
        for (append_only, sync, save, loss) in [
            ("yes", "always", "", Some(0)),
            ("yes", "always", "3600 1", Some(0)),
            ("yes", "everysec", "3600 1", Some(2_000)),
            ("yes", "no", "", None),
            ("no", "always", "3600 1", None),
            ("no", "everysec", "", Some(0)),
        ] {
            assert_eq!(millis(&settings(append_only, sync, save)), loss, "{append_only} {sync} {save:?}");
        }
        for unknown in [
            unsynced_while_rewriting("always"),
            unsynced_while_rewriting("everysec"),
            Settings::for_test(&[("appendonly", "yes"), ("appendfsync", "always")]),
            Settings::for_test(&[("appendonly", "no"), ("appendfsync", "always")]),
            Settings::for_test(&[]),
            Settings(None),
        ] {
            assert_eq!(millis(&unknown), None, "{unknown:?}");
        }
    }

    #[test]
    fn a_redis_that_removes_sessions_when_it_is_full_gets_a_warning() {
        let eviction = |limit, policy| {
            Settings::for_test(&[("maxmemory", limit), ("maxmemory-policy", policy)]).eviction()
        };
        let warning = eviction("1000", "allkeys-lru");
        assert!(matches!(warning, Some(LogLine::Warning(words)) if words.contains("allkeys-lru")));
        assert_eq!(eviction("1000", "noeviction"), None);
        assert_eq!(eviction("0", "allkeys-lru"), None);
    }
}
