//! The command line of the binary.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Output};
use std::thread;

use clap::CommandFactory;
use tempfile::TempDir;
use tickseed_engine::{BreakInterval, Rules, Seed, Step, Timeline};
use tickseed_server::settings::CommandLine;

use crate::support::{Process, serve_command};

const SESSION: [&str; 7] =
    ["state", "--seed", "a seed", "--start-at", "2026-01-31T12:00:00.500Z", "--tick-ms", "100"];

fn tickseed(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tickseed")).env_clear().args(arguments).output().unwrap()
}

fn state(arguments: &[&str]) -> (bool, String) {
    let output = tickseed(&[&SESSION, arguments].concat());
    let text = if output.status.success() { output.stdout } else { output.stderr };
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[test]
fn state_prints_the_state_that_the_engine_computes() {
    let mut timeline = Timeline::new(&Seed::new("a seed").unwrap(), Rules::default());
    let json = |timeline: &mut Timeline, step: u64| {
        format!("{}\n", serde_json::to_string(&timeline.state(Step::new(step).unwrap())).unwrap())
    };
    let expected = json(&mut timeline, 1_000_000);
    assert!(expected.starts_with(r#"{"step":1000000,"value":"#), "{expected}");
    assert_eq!(state(&["--step", "1000000"]), (true, expected.clone()));
    assert_eq!(state(&["--at", "2026-02-01T15:46:40.599Z"]), (true, expected));
    assert_eq!(
        state(&["--at", "2026-01-31T12:00:00.499Z"]),
        (true, "{\"step\":0,\"value\":0,\"round\":0,\"broken\":false}\n".to_owned())
    );

    let rules = Rules::new(BreakInterval::new(2, 9).unwrap(), 4).unwrap();
    let mut timeline = Timeline::new(&Seed::new("a seed").unwrap(), rules);
    let options = ["--step", "77", "--min", "2", "--max", "9", "--rounds-per-epoch", "4"];
    assert_eq!(state(&options), (true, json(&mut timeline, 77)));
}

#[test]
fn state_explains_invalid_arguments() {
    for (arguments, message) in [
        (&["--step", "-1"][..], "error: step must be from 0 to 253402300799999, got -1"),
        (&["--step", "253402300799999"], "error: step must be from 0 to 2516324399994, got 253402300799999"),
        (&["--step", "1", "--min", "0"], "error: break_interval.min must be from 1 to 1000000, got 0"),
        (
            &["--step", "1", "--rounds-per-epoch", "3"],
            "error: rounds_per_epoch must be an even number from 2 to 256",
        ),
        (
            &["--at", "soon"],
            "error: --at: must be an instant in the years 1970 to 9999, in RFC 3339 with Z or an offset, like \
             2026-01-31T12:00:03.000Z, got something else",
        ),
        (
            &["--at", "2016-12-31T23:59:60Z"],
            "error: --at: must be an instant in the years 1970 to 9999, in RFC 3339 with Z or an offset, like \
             2026-01-31T12:00:03.000Z, got 2016-12-31T23:59:60Z",
        ),
        (&["--step", "1.5"], "error: --step: must be a whole number of at most 64 bits, got 1.5"),
        (&["--step", "1", "--seed", ""], "error: the argument '--seed <SEED>' cannot be used multiple times"),
        (&[], "error: the following required arguments were not provided"),
        (
            &["--step", "1", "--at", "2026-01-31T12:00:00Z"],
            "error: the argument '--step <STEP>' cannot be used with",
        ),
    ] {
        let (success, text) = state(arguments);
        assert!(!success && text.starts_with(message), "{arguments:?}: {text}");
    }
}

/// A pause in the middle of a tick, its end, and ticks of 50 ms.
const CHANGES: [&str; 6] = [
    "--change",
    "2026-01-31T12:00:01.550Z=paused",
    "--change",
    "2026-01-31T12:00:05.500Z=100",
    "--change",
    "2026-01-31T12:00:06.550Z=50",
];

#[test]
fn state_follows_the_changes_of_a_session() {
    let mut timeline = Timeline::new(&Seed::new("a seed").unwrap(), Rules::default());
    let mut json = |step: u64, status: &str| {
        let state = serde_json::to_string(&timeline.state(Step::new(step).unwrap())).unwrap();
        format!("{},\"status\":\"{status}\"}}\n", state.trim_end_matches('}'))
    };
    for (moment, value, step, status) in [
        ("--at", "2026-01-31T12:00:01.549Z", 10, "running"),
        ("--at", "2026-01-31T12:00:01.550Z", 10, "paused"),
        ("--at", "2026-01-31T12:00:05.499Z", 10, "paused"),
        ("--at", "2026-01-31T12:00:05.549Z", 10, "running"),
        ("--at", "2026-01-31T13:00:05.550+01:00", 11, "running"),
        ("--at", "2026-01-31T12:00:07.500Z", 40, "running"),
        ("--step", "11", 11, "running"),
        ("--step", "22", 22, "running"),
    ] {
        let arguments = [&CHANGES[..], &[moment, value]].concat();
        assert_eq!(state(&arguments), (true, json(step, status)), "{moment} {value}");
    }
    let before_the_start = [&CHANGES[..], &["--at", "2026-01-31T12:00:00.499Z"]].concat();
    let expected = "{\"step\":0,\"value\":0,\"round\":0,\"broken\":false,\"status\":\"running\"}\n";
    assert_eq!(state(&before_the_start), (true, expected.to_owned()));
}

#[test]
fn state_explains_invalid_changes() {
    let pause = "2026-01-31T12:00:01.550Z=paused";
    for (changes, message) in [
        (
            &["2026-01-31T12:00:00.500Z=paused"][..],
            "error: --change 2026-01-31T12:00:00.500Z=paused: must be after the start and the change before it, at \
             2026-01-31T12:00:00.500Z",
        ),
        (
            &[pause, "2026-01-31T12:00:01.540Z=100"],
            "error: --change 2026-01-31T12:00:01.540Z=100: must be after the start and the change before it, at \
             2026-01-31T12:00:01.550Z",
        ),
        (
            &[pause, "2026-01-31T12:00:02Z=paused"],
            "error: --change 2026-01-31T12:00:02.000Z=paused: the session is paused already",
        ),
        (
            &["2026-01-31T12:00:01Z=100"],
            "error: --change 2026-01-31T12:00:01.000Z=100: ticks last 100 ms already",
        ),
        (
            &[pause, "2026-01-31T12:00:05.500Z=100", "2026-01-31T12:00:06.551Z=50"],
            "error: --change 2026-01-31T12:00:06.551Z=50: ticks get another length only where a tick begins, not 1 ms into \
             a tick of 100 ms",
        ),
        (
            &["paused"],
            "error: --change: must be an instant, =, and paused or the length of a tick in milliseconds, like \
             2026-01-31T12:00:03.000Z=paused",
        ),
        (&["soon=paused"], "error: --change: must be an instant in the years 1970 to 9999, in RFC 3339"),
        (
            &["2026-01-31T12:00:01Z=0"],
            "error: --change: after =, must be a whole number from 1 to 86400000, got 0; a pause is written paused",
        ),
        (
            &["2026-01-31T12:00:01Z=86400001"],
            "error: --change: after =, must be a whole number from 1 to 86400000, got 86400001; a pause is written paused",
        ),
    ] {
        let flags = changes.iter().flat_map(|change| ["--change", change]);
        let arguments: Vec<&str> = flags.chain(["--step", "1"]).collect();
        let (success, text) = state(&arguments);
        assert!(!success && text.starts_with(message), "{changes:?}: {text}");
    }
    let never = state(&["--change", pause, "--step", "11"]);
    let expected = "error: step 11 is not scheduled: the session is paused for good at step 10";
    assert!(!never.0 && never.1.starts_with(expected), "{}", never.1);
}

#[test]
fn state_takes_256_changes() {
    let change = |number: usize| {
        format!(
            "--change=2026-01-31T12:{:02}:{:02}Z={}",
            10 + number / 60,
            number % 60,
            ["100", "paused"][number % 2]
        )
    };
    let changes: Vec<String> = (1..=257).map(change).collect();
    let arguments =
        |count: usize| changes[..count].iter().map(String::as_str).chain(["--step", "1"]).collect::<Vec<_>>();
    assert!(state(&arguments(256)).0);
    let (success, text) = state(&arguments(257));
    assert!(!success && text.starts_with("error: schedule must have at most 256 changes, got 257"), "{text}");
}

/// A setting of `tickseed serve`: its flag and its environment variable.
struct Setting {
    flag: String,
    variable: String,
}

/// Returns every setting of `tickseed serve`, from the definition of the command line.
fn settings() -> Vec<Setting> {
    let command = CommandLine::command();
    let serve = command.find_subcommand("serve").unwrap();
    let settings: Vec<Setting> = serve
        .get_arguments()
        .filter(|argument| argument.get_id() != "help")
        .map(|argument| Setting {
            flag: format!("--{}", argument.get_long().unwrap()),
            variable: argument.get_env().expect("every setting has a variable").to_str().unwrap().to_owned(),
        })
        .collect();
    assert!(settings.len() > 10);
    settings
}

/// Returns the output of `tickseed serve` with settings that make its start fail.
fn failed_start(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let folder = TempDir::new().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tickseed"));
    // If the settings were accepted, this address of no machine would make the start fail.
    command.current_dir(folder.path()).env_clear().env("HOST", "192.0.2.1");
    let output = command.envs(variables.iter().copied()).arg("serve").args(arguments).output().unwrap();
    assert!(!output.status.success());
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[test]
fn help_documents_every_setting_without_its_value() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tickseed"));
    command.env_clear().args(["serve", "--help"]);
    for setting in settings() {
        command.env(setting.variable, "opensesame");
    }
    let help = String::from_utf8(command.output().unwrap().stdout).unwrap();
    // The help is wrapped at the width of the terminal.
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(!help.contains("opensesame"), "{help}");
    for Setting { flag, variable } in settings() {
        assert!(help.contains(&flag) && help.contains(&format!("[env: {variable}]")), "{flag}: {help}");
    }
}

/// `scripts/run` takes the settings from this table, because it checks its arguments before the server is built.
#[test]
fn the_table_of_settings_lists_the_flags_of_the_server() {
    let help = String::from_utf8(tickseed(&["serve", "--help"]).stdout).unwrap();
    let flags = help.lines().filter_map(|line| line.strip_prefix("      --"));
    let mut flags: Vec<_> = flags.map(|flag| flag.split(' ').next().unwrap()).collect();
    let document = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md"));
    let document = document.unwrap();
    let (_, table) = document.split_once("| flag | environment |").expect("the table exists");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let first_cells = rows.map(|row| row.split('|').nth(1).unwrap());
    let mut listed: Vec<_> =
        first_cells.flat_map(|cell| cell.split('`').filter_map(|text| text.strip_prefix("--"))).collect();
    flags.sort_unstable();
    listed.sort_unstable();
    assert_eq!(listed, flags);
}

#[test]
fn the_documentation_lists_every_setting() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md");
    let page = std::fs::read_to_string(path).unwrap();
    for Setting { flag, variable } in settings() {
        assert!(page.contains(&format!("`{flag}`")) && page.contains(&format!("`{variable}`")), "{flag}");
    }
}

#[test]
fn an_empty_variable_counts_as_left_out_and_an_empty_flag_is_an_error() {
    let settings = settings();
    for wrong in ["PORT", "TICKSEED_CACHE_MB"] {
        let value = |variable: &str| if variable == wrong { "wrong" } else { "" };
        let names = settings.iter().map(|setting| setting.variable.as_str());
        let variables: Vec<_> = names.map(|name| (name, value(name))).collect();
        let error = failed_start(&[], &variables);
        assert!(error.starts_with(&format!("error: {wrong}: must be a whole number")), "{error}");
    }
    for Setting { flag, .. } in &settings {
        let error = failed_start(&[flag, ""], &[]);
        assert!(error.starts_with(&format!("error: {flag}: must")), "{error}");
    }
}

#[tokio::test]
async fn a_server_starts_if_every_variable_is_empty() {
    let folder = TempDir::new().unwrap();
    let mut command = serve_command(folder.path());
    for setting in settings() {
        command.env(setting.variable, "");
    }
    let server = Process::spawn(&mut command);
    server.api.create(r#"{"tick_ms":100}"#).await;
    assert!(folder.path().join("sessions.redb").exists());
}

#[test]
fn an_error_names_the_variable_or_the_flag_that_the_value_came_from() {
    for (arguments, variables, message) in [
        (
            &[][..],
            &[("PORT", "abc")][..],
            "PORT: must be a whole number from 0 to 65535, got something else\n",
        ),
        (&["--port", "70000"], &[], "--port: must be a whole number from 0 to 65535, got 70000\n"),
        (&["--port", "70000"], &[("PORT", "1")], "--port: must be"),
        (&["--port", "-1"], &[], "--port: must be a whole number from 0 to 65535, got -1\n"),
        (
            &["--port", "1"],
            &[("REDIS_DB", "-1"), ("PORT", "x")],
            "REDIS_DB: must be a whole number from 0 to 65535, got -1\n",
        ),
        (&[], &[("HOST", "localhost:8080")], "HOST: must be a host name or an IP address without a port"),
        (&[], &[("TICKSEED_LOG", "inf")], "TICKSEED_LOG: must be error, warn, info, debug, trace or off, or"),
        (&["--store", "memory"], &[], "--store: a store is one of embedded, "),
        (
            &["--prot", "1"],
            &[],
            "unexpected argument '--prot' found\n\n  tip: a similar argument exists: '--port'",
        ),
    ] {
        let error = failed_start(arguments, variables);
        assert!(error.starts_with(&format!("error: {message}")), "{error}");
    }
    let bytes = OsStr::from_bytes(b"\xff");
    let mut command = Command::new(env!("CARGO_BIN_EXE_tickseed"));
    let output = command.env_clear().env("TICKSEED_CACHE_MB", bytes).arg("serve").output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.starts_with("error: TICKSEED_CACHE_MB: must be UTF-8\n"), "{error}");
}

/// Addresses with a mistake, and with a password that contains `sesame`.
const MISSPELT_ADDRESSES: [&str; 22] = [
    "redis://u:opensesame@h:port",
    "redis://u:open/sesame@h",
    "redis://u:open#sesame@h",
    "redis://u:open?sesame@h",
    "redis://u:open@sesame@h:x",
    "redis://:opensesame",
    "redis://u:opensesame:6379",
    "redis://opensesame@",
    "redis://h:6379/opensesame",
    "redis://h:6379,password=opensesame",
    "redis+cluster://h:6379,password=opensesame",
    "redis+cluster://u:opensesame@h:1,",
    "redis:/u:opensesame@h",
    "redis//u:opensesame@h",
    "redis:u:opensesame@h",
    "reddis://u:opensesame@h",
    "opensesame://h",
    "h:6379,password=opensesame",
    "u:opensesame@h:x",
    "--u:opensesame@h",
    "--opensesame",
    "-opensesame",
];

#[test]
fn no_output_contains_the_password_of_a_misspelt_address() {
    let settings = settings();
    let check = |parity| {
        for (index, address) in MISSPELT_ADDRESSES.iter().enumerate().filter(|(index, _)| index % 2 == parity)
        {
            let folder = TempDir::new().unwrap();
            let runs = settings_for(&settings, index).chain([None]);
            for (arguments, variable) in runs.flat_map(|setting| command_lines(setting, address)) {
                let mut command = Command::new(env!("CARGO_BIN_EXE_tickseed"));
                command.env_clear().envs(SETTINGS_THAT_FAIL_SOON).envs(variable.clone());
                let output = command.current_dir(folder.path()).args(&arguments).output().unwrap();
                let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
                assert!(!text.contains("sesame"), "{arguments:?} {variable:?}: {text}");
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| check(0));
        check(1);
    });
}

/// A start that accepts an address, for example as the name of a folder, fails soon: no machine has this address.
const SETTINGS_THAT_FAIL_SOON: [(&str, &str); 3] =
    [("HOST", "192.0.2.1"), ("TICKSEED_STORE_WAIT", "0"), ("TICKSEED_LOG", "trace")];

/// Returns the settings to try with an address: those for addresses, and some of the others in turn, because a process takes
/// time.
fn settings_for(settings: &[Setting], index: usize) -> impl Iterator<Item = Option<&Setting>> {
    let is_for_addresses = |flag: &str| matches!(flag, "--store" | "--redis-addr");
    let chosen = settings.iter().enumerate();
    let chosen = chosen
        .filter(move |(other, setting)| is_for_addresses(&setting.flag) || (index + other).is_multiple_of(4));
    chosen.map(|(_, setting)| Some(setting))
}

type CommandLineAndVariable = (Vec<String>, Option<(String, String)>);

/// Returns the ways to give an address to a setting, or in the place of another argument.
fn command_lines(setting: Option<&Setting>, address: &str) -> Vec<CommandLineAndVariable> {
    if let Some(Setting { flag, variable }) = setting {
        let variable = (variable.clone(), address.to_owned());
        return vec![
            (vec!["serve".to_owned()], Some(variable)),
            (vec!["serve".to_owned(), format!("{flag}={address}")], None),
        ];
    }
    let serve = |argument: String| vec!["serve".to_owned(), argument];
    let state = ["state", "--seed", "a", "--at", address].map(str::to_owned).to_vec();
    let arguments = [
        serve(address.to_owned()),
        serve(format!("--stroe={address}")),
        serve(format!("--{address}")),
        serve(format!("-{address}")),
        vec![address.to_owned()],
        state,
    ];
    arguments.map(|arguments| (arguments, None)).to_vec()
}

#[tokio::test]
async fn settings_can_come_from_the_environment() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("a/b");
    let mut server = Process::spawn(
        Command::new(env!("CARGO_BIN_EXE_tickseed"))
            .env_clear()
            .arg("serve")
            .env("PORT", "0")
            .env("HOST", "localhost")
            .env("TICKSEED_DATA_DIR", &data)
            .env("TICKSEED_SESSION_TTL", "0"),
    );
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    assert!(server.api.get(&path).await.json().get("expires_at").is_none());
    assert!(data.join("sessions.redb").exists());
    server.kill();
}

#[test]
fn a_failed_start_explains_why() {
    let folder = TempDir::new().unwrap();
    let error_of = |command: &mut Command| {
        let output = command.output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let port = error_of(serve_command(folder.path()).args(["--host", "192.0.2.1"]));
    assert!(
        port.contains(
            "error: cannot listen on 192.0.2.1:0, the address from --host (or HOST) and --port (or PORT): "
        ),
        "{port}"
    );
    let log = error_of(serve_command(folder.path()).args(["--log", "a=b=c"]));
    assert!(log.contains("error: --log: must be error, warn, info"), "{log}");
    std::fs::write(folder.path().join("sessions.redb"), "something else").unwrap();
    let file = error_of(&mut serve_command(folder.path()));
    let expected = "sessions.redb cannot be opened; --data-dir (or TICKSEED_DATA_DIR) names its folder: ";
    assert!(file.contains(expected), "{file}");
}
