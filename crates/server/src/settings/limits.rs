//! The settings that protect the server from too much.

use std::net::IpAddr;
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};

use clap::Args;

use super::values::{limit, networks, origins};
use crate::http::{AllowedOrigins, CreationLimits, ProtectionOptions, RateLimit, TrustedProxies};

/// The largest number of requests in a second, a burst or a minute.
const MAX_RATE: u32 = 1_000_000;

/// The largest number of requests that wait for the store, of connections and of event streams.
const MAX_COUNT: u32 = 1_000_000;

/// How many sessions a client may create in a minute by default, on a server that other machines can reach.
const CREATES_PER_MINUTE: NonZeroU32 = NonZeroU32::new(60).expect("it is not zero");

/// How long a session may exist by default on such a server.
const THIRTY_DAYS_SECONDS: NonZeroU32 = NonZeroU32::new(30 * 24 * 60 * 60).expect("it is not zero");

/// How far ahead a session may start by default on such a server.
const YEAR_SECONDS: NonZeroU32 = NonZeroU32::new(365 * 24 * 60 * 60).expect("it is not zero");

/// How many times as large as the rate of a second a burst is by default.
const BURST_FACTOR: NonZeroU32 = NonZeroU32::new(2).expect("it is not zero");

/// A limit that can be switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// There is no limit.
    Unlimited,
    /// The largest number that is allowed.
    AtMost(NonZeroU32),
}

/// Two settings that contradict each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "--session-ttl (or TICKSEED_SESSION_TTL) is {}, which is longer than --max-ttl (or TICKSEED_MAX_TTL), {max_ttl}{}: lower the \
     first one, or raise the second one or set it to none",
    if *.session_ttl == 0 { "0, forever".to_owned() } else { .session_ttl.to_string() },
    if *.is_default { ", the default of a server that other machines can reach" } else { "" }
)]
pub struct Contradiction {
    session_ttl: u32,
    max_ttl: NonZeroU32,
    is_default: bool,
}

/// The settings of `tickseed serve` that protect the server from too much.
#[derive(Debug, Clone, Args)]
pub struct LimitSettings {
    /// The networks of the proxies in front of the server, such as `10.0.0.0/8,fd00::/8`. The addresses of clients are taken from
    /// the headers `X-Forwarded-For` and `Forwarded` only as far as these proxies have written them. Without this setting, both
    /// headers are ignored.
    #[arg(long, env = "TICKSEED_TRUSTED_PROXIES", value_parser = networks, value_name = "NETWORKS")]
    pub trusted_proxies: Option<TrustedProxies>,

    /// How many requests of /v1 a second a client may send, by its address and by its API key: 1 to 1000000, or none. /v1/time
    /// has a limit of its own, ten times as large. The default is none.
    #[arg(long, env = "TICKSEED_RATE_LIMIT", value_parser = limit(MAX_RATE), value_name = "REQUESTS")]
    pub rate_limit: Option<Limit>,

    /// How many requests a client may send at once after a pause, with --rate-limit: 1 to 1000000. The default is twice the
    /// rate limit.
    #[arg(long, env = "TICKSEED_RATE_BURST", value_parser = limit(MAX_RATE), value_name = "REQUESTS")]
    pub rate_burst: Option<Limit>,

    /// How many sessions a minute may be created from one address: 1 to 1000000, or none. The default is 60, and none on a
    /// server that listens only to this machine.
    #[arg(long, env = "TICKSEED_CREATE_LIMIT", value_parser = limit(MAX_RATE), value_name = "SESSIONS")]
    pub create_limit: Option<Limit>,

    /// How many seconds a session may exist at most after it is created or starts, whichever is later, or none. `ttl_seconds`
    /// of 0 or more than this means this. The default is 2592000 (30 days), and none on a server that listens only to this machine.
    #[arg(long, env = "TICKSEED_MAX_TTL", value_parser = limit(u32::MAX), value_name = "SECONDS")]
    pub max_ttl: Option<Limit>,

    /// How many seconds ahead a session may start at most, or none. The default is 31536000 (a year), and none on a server that
    /// listens only to this machine.
    #[arg(long, env = "TICKSEED_MAX_START_AHEAD", value_parser = limit(u32::MAX), value_name = "SECONDS")]
    pub max_start_ahead: Option<Limit>,

    /// How many sessions the embedded store may have, or none. Expired ones count until they are removed, which takes 30 seconds.
    /// The default is none.
    #[arg(long, env = "TICKSEED_MAX_SESSIONS", value_parser = limit(u32::MAX), value_name = "SESSIONS")]
    pub max_sessions: Option<Limit>,

    /// How many connections there may be: 1 to 1000000, or none. The default is none: each core takes 25600, and further ones wait.
    #[arg(long, env = "TICKSEED_MAX_CONNECTIONS", value_parser = limit(MAX_COUNT), value_name = "CONNECTIONS")]
    pub max_connections: Option<Limit>,

    /// How many connections one address may have: 1 to 1000000, or none. It does not apply to trusted proxies. The default is
    /// none.
    #[arg(
        long,
        env = "TICKSEED_MAX_CONNECTIONS_PER_ADDRESS",
        value_parser = limit(MAX_COUNT),
        value_name = "CONNECTIONS"
    )]
    pub max_connections_per_address: Option<Limit>,

    /// How many event streams there may be: 1 to 1000000, or none. The default is none.
    #[arg(long, env = "TICKSEED_MAX_STREAMS", value_parser = limit(MAX_COUNT), value_name = "STREAMS")]
    pub max_streams: Option<Limit>,

    /// How many event streams one address may have: 1 to 1000000, or none. The default is none.
    #[arg(
        long,
        env = "TICKSEED_MAX_STREAMS_PER_ADDRESS",
        value_parser = limit(MAX_COUNT),
        value_name = "STREAMS"
    )]
    pub max_streams_per_address: Option<Limit>,

    /// How many reads and creations may wait for the store at once: 1 to 1000000, or none. Further ones get 503 at once. Changes
    /// of sessions, and whatever is in memory, always go through.
    #[arg(
        long,
        env = "TICKSEED_MAX_IN_FLIGHT",
        default_value = "1024",
        value_parser = limit(MAX_COUNT),
        value_name = "REQUESTS"
    )]
    pub max_in_flight: Limit,

    /// The origins whose pages may use the API, such as `https://game.example,http://localhost:5173`. The default is `*`,
    /// which is all.
    #[arg(long, env = "TICKSEED_CORS_ORIGINS", value_parser = origins, value_name = "ORIGINS")]
    pub cors_origins: Option<AllowedOrigins>,
}

impl LimitSettings {
    /// Returns what a server is protected from that listens on `address` and keeps sessions for `session_ttl` seconds by default.
    ///
    /// # Errors
    ///
    /// [`Contradiction`] if sessions would exist for longer than the maximum.
    pub fn protection(&self, address: IpAddr, session_ttl: u32) -> Result<ProtectionOptions, Contradiction> {
        let is_public = !address.to_canonical().is_loopback();
        let if_public = |setting, default| number(setting, is_public.then_some(default));
        let max_ttl_seconds = if_public(self.max_ttl, THIRTY_DAYS_SECONDS);
        if let Some(max_ttl) = max_ttl_seconds
            && (session_ttl == 0 || session_ttl > max_ttl.get())
        {
            return Err(Contradiction { session_ttl, max_ttl, is_default: self.max_ttl.is_none() });
        }
        let max_start_ahead_seconds = if_public(self.max_start_ahead, YEAR_SECONDS);
        Ok(ProtectionOptions {
            trusted_proxies: self.trusted_proxies.clone().unwrap_or_default(),
            rate: self.rate(),
            creates_per_minute: if_public(self.create_limit, CREATES_PER_MINUTE),
            creation: CreationLimits { max_ttl_seconds, max_start_ahead_seconds },
            connections: count(self.max_connections),
            connections_per_address: count(self.max_connections_per_address),
            streams: count(self.max_streams),
            streams_per_address: count(self.max_streams_per_address),
            in_flight: count(Some(self.max_in_flight)),
            origins: self.cors_origins.clone().unwrap_or_default(),
        })
    }

    /// Returns how many sessions the store may have.
    #[must_use]
    pub fn max_sessions(&self) -> Option<NonZeroU64> {
        number(self.max_sessions, None).map(NonZeroU64::from)
    }

    /// Names the settings that have no effect because of others, and says why.
    #[must_use]
    pub fn ignored(&self, is_embedded: bool) -> Option<&'static str> {
        if self.rate_burst.is_some() && self.rate().is_none() {
            return Some(
                "settings without effect: --rate-burst (or TICKSEED_RATE_BURST); no --rate-limit is set",
            );
        }
        (self.max_sessions().is_some() && !is_embedded).then_some(
            "settings without effect: --max-sessions (or TICKSEED_MAX_SESSIONS); only the embedded store counts its sessions",
        )
    }

    fn rate(&self) -> Option<RateLimit> {
        let per_second = number(self.rate_limit, None)?;
        let burst = number(self.rate_burst, None);
        Some(RateLimit {
            per_second,
            burst: burst.unwrap_or_else(|| per_second.saturating_mul(BURST_FACTOR)),
        })
    }
}

pub(super) fn number(setting: Option<Limit>, default: Option<NonZeroU32>) -> Option<NonZeroU32> {
    match setting {
        None => default,
        Some(Limit::Unlimited) => None,
        Some(Limit::AtMost(number)) => Some(number),
    }
}

fn count(setting: Option<Limit>) -> Option<NonZeroUsize> {
    number(setting, None).and_then(|number| NonZeroUsize::try_from(number).ok())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct CommandLine {
        #[command(flatten)]
        limits: LimitSettings,
    }

    fn settings(arguments: &[&str]) -> LimitSettings {
        CommandLine::try_parse_from([&["serve"], arguments].concat()).unwrap().limits
    }

    fn protection(address: &str, arguments: &[&str]) -> ProtectionOptions {
        settings(arguments).protection(address.parse().unwrap(), 86_400).unwrap()
    }

    #[test]
    fn a_server_that_only_this_machine_can_reach_has_no_limits() {
        for address in ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(protection(address, &[]), ProtectionOptions::default());
        }
    }

    #[test]
    fn a_server_that_others_can_reach_limits_what_stays() {
        for address in ["0.0.0.0", "::", "192.0.2.1"] {
            let protection = protection(address, &[]);
            assert_eq!(protection.creates_per_minute, Some(CREATES_PER_MINUTE));
            assert_eq!(protection.creation.max_ttl_seconds, Some(THIRTY_DAYS_SECONDS));
            assert_eq!(protection.creation.max_start_ahead_seconds, Some(YEAR_SECONDS));
            assert_eq!((protection.rate, protection.connections, protection.streams), (None, None, None));
        }
        let none = ["--create-limit", "none", "--max-ttl", "none", "--max-start-ahead", "none"];
        assert_eq!(protection("0.0.0.0", &none), ProtectionOptions::default());
    }

    #[test]
    fn a_burst_is_twice_the_rate_unless_set() {
        let rate = |arguments: &[&str]| {
            protection("::1", arguments).rate.map(|rate| (rate.per_second.get(), rate.burst.get()))
        };
        assert_eq!(rate(&["--rate-limit", "50"]), Some((50, 100)));
        assert_eq!(rate(&["--rate-limit", "50", "--rate-burst", "7"]), Some((50, 7)));
        assert_eq!(rate(&["--rate-burst", "7"]), None);
    }

    #[test]
    fn settings_without_effect_are_named() {
        let ignored = |arguments: &[&str], is_embedded| settings(arguments).ignored(is_embedded);
        assert!(ignored(&["--rate-burst", "7"], true).unwrap().contains("--rate-burst"));
        assert!(ignored(&["--max-sessions", "7"], false).unwrap().contains("--max-sessions"));
        assert_eq!(ignored(&["--max-sessions", "7", "--rate-limit", "1"], true), None);
    }

    #[test]
    fn sessions_that_would_outlive_the_maximum_are_a_contradiction() {
        let of = |arguments: &[&str], address: &str, session_ttl| {
            settings(arguments)
                .protection(address.parse().unwrap(), session_ttl)
                .map_err(|error| error.to_string())
        };
        let error = of(&["--max-ttl", "60"], "127.0.0.1", 61).unwrap_err();
        assert!(error.starts_with("--session-ttl (or TICKSEED_SESSION_TTL) is 61, which"), "{error}");
        assert!(of(&["--max-ttl", "60"], "127.0.0.1", 60).is_ok());
        let error = of(&[], "0.0.0.0", 0).unwrap_err();
        assert!(error.contains("is 0, forever, which") && error.contains("2592000, the default"), "{error}");
        assert!(of(&["--max-ttl", "none"], "0.0.0.0", 0).is_ok());
    }
}
