//! Puts in words what a crash of Redis can lose, for the log at the start.

use std::collections::HashMap;

use deadpool_redis::redis::{RedisError, RedisResult, cmd};
use deadpool_redis::{Connection, Pool};

use tickseed_session::Clock;

/// How many milliseconds the clock of Redis may be off before the server warns.
const CLOCK_TOLERANCE_MS: i64 = 250;

/// The settings and the clock of a Redis. Managed services often hide the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Report {
    settings: Option<HashMap<String, String>>,
    /// How many milliseconds the clock of Redis is ahead of this server's.
    ahead_ms: i64,
}

/// Asks a Redis for its settings and its time.
pub(super) async fn ask(
    pool: &Pool,
    clock: &dyn Clock,
) -> Result<Report, Box<dyn std::error::Error + Send + Sync>> {
    let mut connection = pool.get().await?;
    let (seconds, micros): (i64, i64) = cmd("TIME").query_async(&mut connection).await?;
    let ahead_ms = seconds * 1_000 + micros / 1_000 - clock.now().millis();
    Ok(Report { settings: settings(&mut connection).await?, ahead_ms })
}

/// Asks for the settings that decide what is kept. A Redis that hides them gives `None`; one that does not answer is an error.
async fn settings(connection: &mut Connection) -> Result<Option<HashMap<String, String>>, RedisError> {
    let mut settings = HashMap::new();
    // One at a time, because Redis 6 takes only one, and a pattern would fetch passwords too.
    for name in ["appendonly", "appendfsync", "save", "maxmemory", "maxmemory-policy"] {
        let answer: RedisResult<HashMap<String, String>> =
            cmd("CONFIG").arg("GET").arg(name).query_async(connection).await;
        match answer {
            Ok(answer) => settings.extend(answer),
            Err(error) if error.is_io_error() || error.is_timeout() => return Err(error),
            Err(_) => return Ok(None),
        }
    }
    Ok(Some(settings))
}

impl Report {
    /// Logs what a crash can lose, and other reasons for a warning.
    pub(super) fn log(&self, node: &str) {
        match self.loss() {
            Loss::Nothing(words) => tracing::info!("Redis at {node} {words}"),
            Loss::Something(words) => tracing::warn!("Redis at {node} {words}"),
        }
        if let Some(words) = self.eviction() {
            tracing::warn!("Redis at {node} {words}");
        }
        if self.ahead_ms.abs() > CLOCK_TOLERANCE_MS {
            let (difference, direction) =
                (self.ahead_ms.abs(), if self.ahead_ms > 0 { "ahead of" } else { "behind" });
            tracing::warn!(
                "the clock of Redis at {node} is {difference} ms {direction} this server's; keep the clocks of Redis and of \
                 all servers in step with NTP"
            );
        }
    }

    fn setting(&self, name: &str) -> Option<&str> {
        self.settings.as_ref()?.get(name).map(String::as_str)
    }

    fn loss(&self) -> Loss {
        let (Some(append_only), Some(sync), Some(save)) =
            (self.setting("appendonly"), self.setting("appendfsync"), self.setting("save"))
        else {
            return Loss::Something(
                "hides its settings (CONFIG GET), so this server does not know what its crash can lose"
                    .to_owned(),
            );
        };
        match (append_only, sync, save) {
            ("yes", "always", _) => Loss::Nothing(
                "syncs its append-only file before it answers: a crash of Redis or of its machine loses no acknowledged write"
                    .to_owned(),
            ),
            ("yes", "everysec", _) => Loss::Something(
                "syncs its append-only file every second: a crash of Redis or of its machine can lose about two seconds of \
                 new and stopped sessions (appendfsync always loses none)"
                    .to_owned(),
            ),
            ("yes", ..) => Loss::Something(
                "leaves syncing its append-only file to the operating system: a crash of its machine can lose about \
                 thirty seconds of new and stopped sessions (appendfsync always loses none)"
                    .to_owned(),
            ),
            (_, _, "") => Loss::Something(
                "keeps sessions in memory only: all are lost when it stops (appendonly yes keeps them)".to_owned(),
            ),
            (_, _, save) => Loss::Something(format!(
                "has no append-only file, only snapshots (save {save}: seconds and changes): a crash loses every \
                 change since the last one (appendonly yes loses less)"
            )),
        }
    }

    /// Returns a warning if Redis removes sessions when it is full.
    fn eviction(&self) -> Option<String> {
        let (limit, policy) = (self.setting("maxmemory")?, self.setting("maxmemory-policy")?);
        (limit != "0" && policy != "noeviction").then(|| {
            format!("removes sessions when it is full (maxmemory-policy {policy}); set that to noeviction")
        })
    }
}

/// Describes what a crash of Redis can lose.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Loss {
    Nothing(String),
    Something(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(settings: &[(&str, &str)]) -> Report {
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Report { settings: Some(settings.collect()), ahead_ms: 0 }
    }

    fn loss(append_only: &str, sync: &str, save: &str) -> Loss {
        report(&[("appendonly", append_only), ("appendfsync", sync), ("save", save)]).loss()
    }

    #[test]
    fn each_setting_has_a_description_of_what_a_crash_can_lose() {
        let words = |loss: Loss, expected: &str| match loss {
            Loss::Something(words) => assert!(words.contains(expected), "{words}"),
            Loss::Nothing(words) => panic!("{words}"),
        };
        assert!(
            matches!(loss("yes", "always", ""), Loss::Nothing(words) if words.contains("loses no acknowledged write"))
        );
        words(loss("yes", "everysec", "3600 1"), "about two seconds");
        words(loss("yes", "no", ""), "thirty seconds");
        words(loss("no", "everysec", "3600 1"), "since the last one");
        words(loss("no", "always", ""), "in memory only");
        words(report(&[]).loss(), "hides its settings");
        words(Report { settings: None, ahead_ms: 0 }.loss(), "hides its settings");
    }

    #[test]
    fn a_redis_that_removes_sessions_when_it_is_full_gets_a_warning() {
        let eviction =
            |limit, policy| report(&[("maxmemory", limit), ("maxmemory-policy", policy)]).eviction();
        assert!(eviction("1000", "allkeys-lru").unwrap().contains("allkeys-lru"));
        assert_eq!(eviction("1000", "noeviction"), None);
        assert_eq!(eviction("0", "allkeys-lru"), None);
    }
}
