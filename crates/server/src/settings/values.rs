//! Checks the value of each setting. An error says what is allowed; it shows the value only if that is plainly a number or
//! an instant, because any other text may be a password that was given to the wrong setting.

use std::fmt;
use std::net::Ipv6Addr;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use tickseed_engine::Schedule;
use tickseed_session::{InvalidKeyName, KeyName, Timestamp};
use tickseed_store::{InvalidStoreLoss, InvalidStoreTimeout, StoreAddress, StoreLoss, StoreTimeout};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

use super::telemetry::{MetricsAddress, Switch};
use super::{Limit, Secret};
use crate::access::{AccessMode, InvalidRights, Rights};
use crate::http::{AllowedOrigins, InvalidNetworks, InvalidOrigins, TrustedProxies};
use crate::telemetry::LogFormat;

/// The longest number or instant that an error shows, in bytes.
const MAX_SHOWN_BYTES: usize = 40;

/// The longest name of a host, in bytes.
const MAX_HOST_BYTES: usize = 253;

/// Reads a whole number in `range`.
pub(super) fn whole_number<N: TryFrom<u64> + 'static>(
    range: RangeInclusive<u64>,
) -> impl Fn(&str) -> Result<N, String> + Clone + Send + Sync + 'static {
    move |text| {
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.and_then(|number| N::try_from(number).ok()).ok_or_else(|| {
            format!("must be a whole number from {} to {}{}", range.start(), range.end(), got(text))
        })
    }
}

/// Reads a limit, or `none`.
pub(super) fn limit(max: u32) -> impl Fn(&str) -> Result<Limit, String> + Clone + Send + Sync + 'static {
    move |text| match text.parse().ok().and_then(NonZeroU32::new).filter(|number| number.get() <= max) {
        Some(number) => Ok(Limit::AtMost(number)),
        None if text == "none" => Ok(Limit::Unlimited),
        None => Err(format!("must be a whole number from 1 to {max}, or none for no limit{}", got(text))),
    }
}

/// Reads the networks of proxies.
pub(super) fn networks(text: &str) -> Result<TrustedProxies, String> {
    text.parse().map_err(|error: InvalidNetworks| error.to_string())
}

/// Reads the origins of pages.
pub(super) fn origins(text: &str) -> Result<AllowedOrigins, String> {
    text.parse().map_err(|error: InvalidOrigins| error.to_string())
}

/// Reads a whole number. The engine checks its range.
pub(super) fn integer(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| format!("must be a whole number of at most 64 bits{}", got(text)))
}

/// Reads how long the store may take to answer.
pub(super) fn store_timeout(text: &str) -> Result<StoreTimeout, String> {
    text.parse().map_err(|error: InvalidStoreTimeout| format!("{error}{}", got(text)))
}

/// Reads how much acknowledged writing the store may lose.
pub(super) fn store_loss(text: &str) -> Result<StoreLoss, String> {
    text.parse().map_err(|error: InvalidStoreLoss| format!("{error}{}", got(text)))
}

/// Reads an instant.
pub(super) fn instant(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).map_err(|error| format!("{error}{}", got(text)))
}

/// A change of a session's pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeSetting {
    /// When it takes effect.
    pub at: Timestamp,
    /// The length of a tick from then on, in milliseconds, or 0 for a pause.
    pub tick_ms: u32,
}

impl fmt::Display for ChangeSetting {
    /// Writes the change as it is given.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.tick_ms {
            0 => write!(f, "{}=paused", self.at),
            tick_ms => write!(f, "{}={tick_ms}", self.at),
        }
    }
}

/// Reads a change of a session's pace.
pub(super) fn change(text: &str) -> Result<ChangeSetting, String> {
    let (at, pace) = text.rsplit_once('=').ok_or(
        "must be an instant, =, and paused or the length of a tick in milliseconds, like 2026-01-31T12:00:03.000Z=paused",
    )?;
    let at = instant(at)?;
    let tick_ms = if pace == "paused" { 0 } else { tick_ms(pace)? };
    Ok(ChangeSetting { at, tick_ms })
}

/// Reads the length of a tick after a change.
fn tick_ms(text: &str) -> Result<u32, String> {
    let parse = whole_number(1..=Schedule::MAX_TICK_MS.into());
    parse(text).map_err(|error| format!("after =, {error}; a pause is written paused"))
}

/// Reads any text that is not empty.
pub(super) fn text(text: &str) -> Result<String, &'static str> {
    if text.is_empty() { Err("must not be empty") } else { Ok(text.to_owned()) }
}

/// Reads a password.
pub(super) fn password(text: &str) -> Result<Secret, &'static str> {
    self::text(text).map(Secret::new)
}

/// Reads the name or the IP address of this machine.
pub(super) fn host(text: &str) -> Result<String, &'static str> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "-._".contains(character);
    let is_name = text.len() <= MAX_HOST_BYTES
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.chars().all(allowed);
    let without_zone = text.split_once('%').map_or(text, |(address, _)| address);
    if is_name || without_zone.parse::<Ipv6Addr>().is_ok() {
        Ok(text.to_owned())
    } else {
        Err("must be a host name or an IP address without a port, such as localhost, 0.0.0.0 or ::1")
    }
}

/// Reads on or off.
pub(super) fn switch(text: &str) -> Result<Switch, &'static str> {
    match text {
        "on" => Ok(Switch::On),
        "off" => Ok(Switch::Off),
        _ => Err("must be on or off"),
    }
}

/// Reads the format of the log.
pub(super) fn log_format(text: &str) -> Result<LogFormat, &'static str> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("must be text or json"),
    }
}

/// Reads where to serve metrics.
pub(super) fn metrics_address(text: &str) -> Result<MetricsAddress, &'static str> {
    const EXPECTED: &str = "must be a host and a port, such as 127.0.0.1:9100, [::1]:9100 or localhost:0";
    let (host, port) = text.rsplit_once(':').ok_or(EXPECTED)?;
    let port = port.parse().map_err(|_| EXPECTED)?;
    let in_brackets = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let name = in_brackets.unwrap_or(host);
    if in_brackets.is_some() != name.contains(':') {
        return Err(EXPECTED);
    }
    Ok(MetricsAddress { host: self::host(name).map_err(|_| EXPECTED)?, port })
}

/// Reads the path of a folder.
pub(super) fn folder(path: PathBuf) -> Result<PathBuf, &'static str> {
    if path.to_string_lossy().contains(":/") {
        return Err("must be a folder; the address of a store belongs in --store (or TICKSEED_STORE)");
    }
    Ok(path)
}

/// Reads the path of a file.
pub(super) fn file(path: PathBuf) -> Result<PathBuf, &'static str> {
    if path.to_string_lossy().contains(":/") { Err("must be the path of a file") } else { Ok(path) }
}

/// Reads who may use the server.
pub(super) fn access_mode(text: &str) -> Result<AccessMode, &'static str> {
    let mode = AccessMode::ALL.into_iter().find(|mode| mode.as_str() == text);
    mode.ok_or("must be open, token or keys")
}

/// Reads the name of an API key.
pub(super) fn key_name(text: &str) -> Result<KeyName, InvalidKeyName> {
    KeyName::new(text)
}

/// Reads the rights of an API key.
pub(super) fn rights(text: &str) -> Result<Rights, InvalidRights> {
    text.parse()
}

/// Reads the address of a store.
pub(super) fn store_address(text: &str) -> Result<Secret, String> {
    if text.is_empty() {
        return Err("must not be empty; the default is embedded".to_owned());
    }
    check_address(text)
}

/// Reads the host and the port of a Redis.
pub(super) fn redis_host(text: &str) -> Result<Secret, String> {
    if text.is_empty() || text.contains("://") {
        return Err(
            "must be HOST:PORT without a scheme; a whole address belongs in --store (or TICKSEED_STORE)"
                .to_owned(),
        );
    }
    check_address(&format!("redis://{text}"))?;
    if text.rsplit('@').next().is_some_and(|host| host.contains('/')) {
        return Err("must be HOST:PORT; the database belongs in --redis-db (or REDIS_DB)".to_owned());
    }
    Ok(Secret::new(text.to_owned()))
}

fn check_address(text: &str) -> Result<Secret, String> {
    StoreAddress::parse(text, None).map_err(|error| error.to_string())?;
    Ok(Secret::new(text.to_owned()))
}

/// Reads a filter for the log. `tracing` takes a misspelt level such as `inf` for the name of a target, and then logs almost
/// nothing, so a target needs its level here.
pub(super) fn log_filter(text: &str) -> Result<String, &'static str> {
    let is_level = |directive: &str| directive.parse::<LevelFilter>().is_ok();
    let has_level = |directive: &str| directive.contains(['=', '[', ']', '{', '}']) || is_level(directive);
    // The parser panics at some characters outside ASCII, which no target has.
    if !text.is_empty()
        && text.is_ascii()
        && EnvFilter::builder().parse(text).is_ok()
        && text.split(',').all(has_level)
    {
        Ok(text.to_owned())
    } else {
        Err(
            "must be error, warn, info, debug, trace or off, or a list of such levels and of levels for targets, \
             such as warn,tickseed_server=debug",
        )
    }
}

/// Shows the value, at the end of an error.
fn got(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_digit() || b"+-.:TtZz".contains(&byte);
    match text.as_bytes() {
        [] => "; it is empty".to_owned(),
        [b'0'..=b'9' | b'-' | b'+', ..] if text.len() <= MAX_SHOWN_BYTES && text.bytes().all(plain) => {
            format!(", got {text}")
        }
        _ => ", got something else".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_outside_the_range_are_refused_with_the_range() {
        let port = whole_number::<u16>(0..=65_535);
        assert_eq!(port("65535"), Ok(65_535));
        for (text, end) in [
            ("65536", ", got 65536"),
            ("-1", ", got -1"),
            ("8080.0", ", got 8080.0"),
            ("", "; it is empty"),
            (" 8080", ", got something else"),
            ("opensesame", ", got something else"),
            (&"9".repeat(41), ", got something else"),
        ] {
            assert_eq!(port(text), Err(format!("must be a whole number from 0 to 65535{end}")), "{text:?}");
        }
    }

    #[test]
    fn a_limit_is_a_number_or_none() {
        let limit = limit(60);
        assert_eq!(limit("60"), Ok(Limit::AtMost(NonZeroU32::new(60).unwrap())));
        assert_eq!(limit("none"), Ok(Limit::Unlimited));
        for (text, end) in [
            ("0", ", got 0"),
            ("61", ", got 61"),
            ("-1", ", got -1"),
            ("", "; it is empty"),
            ("None", ", got something else"),
        ] {
            let message = format!("must be a whole number from 1 to 60, or none for no limit{end}");
            assert_eq!(limit(text), Err(message), "{text:?}");
        }
    }

    #[test]
    fn hosts_are_names_and_addresses() {
        for text in ["localhost", "a-b.example", "0.0.0.0", "::1", "fe80::1%eth0"] {
            assert_eq!(host(text).as_deref(), Ok(text));
        }
        for text in ["", "localhost:8080", "[::1]", "http://localhost", "a b", "user@host", "-a"] {
            assert!(host(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn metrics_have_a_host_and_a_port() {
        for (text, host, port) in [
            ("127.0.0.1:9100", "127.0.0.1", 9100),
            ("[::1]:0", "::1", 0),
            ("a-b.example:65535", "a-b.example", 65_535),
        ] {
            assert_eq!(metrics_address(text), Ok(MetricsAddress { host: host.to_owned(), port }));
        }
        for text in [
            "",
            ":",
            "9100",
            ":9100",
            "localhost",
            "::1:9100",
            "[localhost]:1",
            "a:65536",
            "a:-1",
            "a b:1",
            "u@h:1",
        ] {
            assert!(metrics_address(text).unwrap_err().starts_with("must be a host and a port"), "{text:?}");
        }
    }

    #[test]
    fn switches_and_formats_have_two_values() {
        assert_eq!([switch("on"), switch("off")], [Ok(Switch::On), Ok(Switch::Off)]);
        assert_eq!([log_format("text"), log_format("json")], [Ok(LogFormat::Text), Ok(LogFormat::Json)]);
        for text in ["", "On", "true", "TEXT", "yaml"] {
            assert!(switch(text).is_err() && log_format(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_log_filter_consists_of_levels_and_targets_with_levels() {
        for text in
            ["info", "WARN", "off", "info,tickseed_server=debug", "warn,redis=error", "[request{id=1}]=trace"]
        {
            assert_eq!(log_filter(text).as_deref(), Ok(text));
        }
        for text in [
            "",
            "inf",
            "info,verbose",
            "tickseed_server",
            "warn, redis=error",
            "a=b=c",
            "tickseed=inf",
            " \u{1ee54}=",
            "é=info",
        ] {
            assert!(log_filter(text).unwrap_err().contains("error, warn, info, debug, trace"), "{text:?}");
        }
    }

    #[test]
    #[cfg(feature = "redis")]
    fn a_redis_host_is_not_a_whole_address() {
        assert_eq!(redis_host("localhost:6379").unwrap().reveal(), "localhost:6379");
        assert_eq!(redis_host("user:pass@localhost").unwrap().reveal(), "user:pass@localhost");
        assert!(redis_host("redis://localhost").unwrap_err().contains("belongs in --store"));
        assert!(redis_host("localhost/1").unwrap_err().contains("belongs in --redis-db"));
        assert!(redis_host("localhost,password=x").unwrap_err().contains("several hosts"));
    }
}
