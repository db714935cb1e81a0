//! Puts in words what a crash of Redis can lose, and other settings that cost sessions.

use std::collections::HashMap;

use deadpool_redis::redis::aio::MultiplexedConnection;
use deadpool_redis::redis::{RedisResult, cmd};

/// A line for the log, without its beginning: "Redis at …".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Notice {
    /// All is well.
    Info(String),
    /// Sessions are lost, or can be.
    Warning(String),
}

impl Notice {
    /// Writes it to the log.
    pub(super) fn log(&self, node: &str) {
        match self {
            Self::Info(words) => tracing::info!("Redis at {node} {words}"),
            Self::Warning(words) => tracing::warn!("Redis at {node} {words}"),
        }
    }
}

/// The settings of a Redis that decide what is kept. Managed services often hide them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings(Option<HashMap<String, String>>);

impl Settings {
    /// Asks for the settings. A Redis that hides them is no error.
    pub(super) async fn ask(connection: &mut MultiplexedConnection) -> RedisResult<Self> {
        let mut settings = HashMap::new();
        // One at a time, because Redis 6 takes only one, and a pattern would fetch passwords too.
        for name in ["appendonly", "appendfsync", "save", "maxmemory", "maxmemory-policy"] {
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

    /// Says what a crash can lose, and warns if Redis removes sessions when it is full.
    pub(super) fn notices(&self) -> Vec<Notice> {
        std::iter::once(self.loss()).chain(self.eviction()).collect()
    }

    fn setting(&self, name: &str) -> Option<&str> {
        self.0.as_ref()?.get(name).map(String::as_str)
    }

    fn loss(&self) -> Notice {
        let (Some(append_only), Some(sync), Some(save)) =
            (self.setting("appendonly"), self.setting("appendfsync"), self.setting("save"))
        else {
            return Notice::Warning(
                "hides its settings (CONFIG GET), so this server does not know what its crash can lose"
                    .to_owned(),
            );
        };
        match (append_only, sync, save) {
            ("yes", "always", _) => Notice::Info(
                "syncs its append-only file before it answers: a crash of Redis or of its machine loses no acknowledged write"
                    .to_owned(),
            ),
            ("yes", "everysec", _) => Notice::Warning(
                "syncs its append-only file every second: a crash of Redis or of its machine can lose about two seconds of \
                 new and stopped sessions (appendfsync always loses none)"
                    .to_owned(),
            ),
            ("yes", ..) => Notice::Warning(
                "leaves syncing its append-only file to the operating system: a crash of its machine can lose about \
                 thirty seconds of new and stopped sessions (appendfsync always loses none)"
                    .to_owned(),
            ),
            (_, _, "") => Notice::Warning(
                "keeps sessions in memory only: all are lost when it stops (appendonly yes keeps them)".to_owned(),
            ),
            (_, _, save) => Notice::Warning(format!(
                "has no append-only file, only snapshots (save {save}: seconds and changes): a crash loses every \
                 change since the last one (appendonly yes loses less)"
            )),
        }
    }

    /// Returns a warning if Redis removes sessions when it is full.
    fn eviction(&self) -> Option<Notice> {
        let (limit, policy) = (self.setting("maxmemory")?, self.setting("maxmemory-policy")?);
        let words = || {
            format!("removes sessions when it is full (maxmemory-policy {policy}); set that to noeviction")
        };
        (limit != "0" && policy != "noeviction").then(|| Notice::Warning(words()))
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

    fn loss(append_only: &str, sync: &str, save: &str) -> Notice {
        Settings::for_test(&[("appendonly", append_only), ("appendfsync", sync), ("save", save)]).loss()
    }

    #[test]
    fn each_setting_has_a_description_of_what_a_crash_can_lose() {
        let words = |loss: Notice, expected: &str| match loss {
            Notice::Warning(words) => assert!(words.contains(expected), "{words}"),
            Notice::Info(words) => panic!("{words}"),
        };
        assert!(
            matches!(loss("yes", "always", ""), Notice::Info(words) if words.contains("loses no acknowledged write"))
        );
        words(loss("yes", "everysec", "3600 1"), "about two seconds");
        words(loss("yes", "no", ""), "thirty seconds");
        words(loss("no", "everysec", "3600 1"), "since the last one");
        words(loss("no", "always", ""), "in memory only");
        words(Settings::for_test(&[]).loss(), "hides its settings");
        words(Settings(None).loss(), "hides its settings");
    }

    #[test]
    fn a_redis_that_removes_sessions_when_it_is_full_gets_a_warning() {
        let eviction = |limit, policy| {
            Settings::for_test(&[("maxmemory", limit), ("maxmemory-policy", policy)]).eviction()
        };
        let warning = eviction("1000", "allkeys-lru");
        assert!(matches!(warning, Some(Notice::Warning(words)) if words.contains("allkeys-lru")));
        assert_eq!(eviction("1000", "noeviction"), None);
        assert_eq!(eviction("0", "allkeys-lru"), None);
    }
}
