//! Fuzz targets: the values of settings, and the file of API keys.

use tickseed_engine::Rules;
use tickseed_fuzzing::{SECRET, assert_tame, bytes, fuzz, texts};
use tickseed_session::KeyName;

use super::{Limit, values};
use crate::access::{ApiKeys, Right};
use crate::http::AllowedOrigins;

/// Tries the parser of a setting. What it accepts is written and read again. A message may show numbers, but no text.
fn fuzz_setting<T: PartialEq + std::fmt::Debug, E: ToString>(
    target: &str,
    seeds: &'static [&'static str],
    parse: impl Fn(&str) -> Result<T, E>,
    written: impl Fn(&T) -> String,
) {
    fuzz(target, &texts(seeds), |text| match parse(&text) {
        Ok(value) => {
            let written = written(&value);
            let again = parse(&written).map_err(|error| error.to_string());
            assert_eq!(again.as_ref(), Ok(&value), "{text:?} is written as {written:?}");
        }
        Err(error) => assert_discreet(&error.to_string()),
    });
}

/// Any text may be a password that was given to the wrong setting.
fn assert_discreet(message: &str) {
    assert_tame(message);
    assert!(message.len() <= 2_000 && !message.contains(SECRET), "{message}");
}

#[test]
fn networks() {
    const SEEDS: &[&str] = &["10.0.0.0/8, fd00::/8,192.0.2.7 ,2001:db8::1", "0.0.0.0/0", "::/0"];
    fuzz_setting("networks of proxies", SEEDS, values::networks, ToString::to_string);
}

#[test]
fn origins() {
    const SEEDS: &[&str] = &[
        "https://game.example,http://localhost:5173",
        "*",
        "HTTPS://Game.example:443, capacitor://localhost",
        "http://[::1]:80",
    ];
    fuzz_setting("origins of pages", SEEDS, values::origins, AllowedOrigins::written);
}

#[test]
fn numbers() {
    const SEEDS: &[&str] = &["8080", "0", "65535", "none", "opensesame"];
    fuzz_setting("whole number", SEEDS, values::whole_number::<u16>(0..=65_535), ToString::to_string);
    fuzz_setting("integer", SEEDS, values::integer, ToString::to_string);
    fuzz_setting("limit", SEEDS, values::limit(1_000_000), |limit| match limit {
        Limit::Unlimited => "none".to_owned(),
        Limit::AtMost(number) => number.to_string(),
    });
}

#[test]
fn durations() {
    const SEEDS: &[&str] = &["150", "50", "400", "0", "86400000", "+1"];
    fuzz_setting("time limit of the store", SEEDS, values::store_timeout, |timeout| {
        timeout.duration().as_millis().to_string()
    });
    fuzz_setting("loss of the store", SEEDS, values::store_loss, |loss| {
        loss.duration().as_millis().to_string()
    });
}

#[test]
fn instants() {
    const SEEDS: &[&str] = &[
        "2026-01-31T12:00:03.000Z",
        "1970-01-01T00:00:00Z",
        "9999-12-31t23:59:59.999999999z",
        "2024-02-29 12:00:00-23:59",
        "0000-01-01T00:00:00+23:59",
    ];
    fuzz_setting("instant", SEEDS, values::instant, ToString::to_string);
}

#[test]
fn changes() {
    const SEEDS: &[&str] =
        &["2026-01-31T12:00:03.000Z=paused", "2026-01-31T12:00:03+01:00=50", "=", "paused"];
    fuzz_setting("change of a schedule", SEEDS, values::change, ToString::to_string);
}

#[test]
fn rules() {
    const SEEDS: &[&[u8]] = &[
        br#"{"break_interval":{"min":30,"max":80},"rounds_per_epoch":64}"#,
        br#"{"break_interval":{"min":1,"max":1000000},"rounds_per_epoch":256}"#,
    ];
    fuzz("rules of the engine", &bytes(SEEDS), |json| {
        if let Ok(rules) = serde_json::from_slice::<Rules>(&json) {
            let written = serde_json::to_vec(&rules).unwrap();
            assert_eq!(serde_json::from_slice::<Rules>(&written).unwrap(), rules);
        }
    });
}

#[test]
fn hosts_and_ports() {
    const SEEDS: &[&str] = &["127.0.0.1:9100", "[::1]:0", "a-b.example:65535", "fe80::1%eth0", "localhost"];
    fuzz_setting("host", SEEDS, values::host, Clone::clone);
    fuzz_setting("address of metrics", SEEDS, values::metrics_address, |address| {
        let (host, port) = (address.host(), address.port());
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    });
}

#[test]
fn words() {
    const SEEDS: &[&str] = &[
        "on",
        "open",
        "text",
        "create,control,list",
        "info,tickseed_server=debug",
        "[request{id=1}]=trace",
        "studio-1.eu",
    ];
    fuzz_setting("switch", SEEDS, values::switch, |switch| {
        if switch.is_on() { "on" } else { "off" }.to_owned()
    });
    fuzz_setting("mode of access", SEEDS, values::access_mode, ToString::to_string);
    fuzz_setting("rights", SEEDS, values::rights, |rights| rights.list());
    fuzz_setting("filter of the log", SEEDS, values::log_filter, Clone::clone);
    fuzz_setting("name of a key", SEEDS, values::key_name, |name: &KeyName| name.as_str().to_owned());
}

#[test]
fn addresses_of_stores() {
    const SEEDS: &[&str] = &[
        "embedded",
        "redis://user:opensesame@localhost:6379/1",
        "rediss://:opensesame@[::1]",
        "redis+cluster://a:1,b:2,[fd00::1]:3",
        "rediss+cluster://user:open%73esame@a:1,b",
    ];
    fuzz("address of a store", &texts(SEEDS), |text| {
        for read in [values::store_address, values::redis_host] {
            match read(&text) {
                Ok(address) => {
                    assert_eq!(address.reveal(), text);
                    assert!(!format!("{address:?}").contains(SECRET));
                }
                Err(error) => assert_discreet(&error),
            }
        }
    });
}

#[test]
fn files_of_keys() {
    const SEEDS: &[&[u8]] = &[
        b"studio create,list 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 # the game\r\n",
        b"# keys\n\na control 8f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\nb create opensesame\n",
    ];
    fuzz("file of API keys", &bytes(SEEDS), |file| match ApiKeys::parse(&file) {
        Ok(keys) => {
            let lines = file.split(|byte| *byte == b'\n').count();
            assert!(keys.len() <= lines && (!keys.have(Right::Create) || !keys.is_empty()));
        }
        Err(error) => assert_discreet(&error.to_string()),
    });
}
