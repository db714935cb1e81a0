//! The command line shared by all programs that print digests.
//!
//! ```text
//! PROGRAM scattered|walk|schedules N...         the digest of the first N states: a line of JSON for each N, with engine_version,
//!                                     target, build, order, states, digest and seconds
//! PROGRAM scattered|walk|schedules --state N    state N, counted from 0: the questions and the engine's answers
//! PROGRAM --help                      the usage
//! ```
//!
//! Once a second, the number of states covered so far goes to standard error.

use std::borrow::ToOwned;
use std::process::ExitCode;
use std::string::String;
use std::time::{Duration, Instant};
use std::vec::Vec;
use std::{eprintln, format, println};

use crate::build_info::{BUILD, TARGET};
use crate::digest::{Digest, describe};
use crate::engine::Engine;
use crate::order::Order;

/// Small enough to take well under a second even on a slow emulator.
const STATES_AT_ONCE: u64 = 1024;

/// Computes digests: in this process, or in a loaded module.
pub trait Backend {
    /// Returns the target triple that the digest's code was built for.
    fn target(&mut self) -> String;

    /// Returns how the digest's code was compiled.
    fn build(&mut self) -> String;

    /// Returns the version of the definition that the engine implements.
    fn version(&mut self) -> u32;

    /// Starts a digest.
    fn start(&mut self, order: Order);

    /// Adds the next states.
    fn advance(&mut self, states: u64);

    /// Returns the digest so far, in hexadecimal.
    fn finish(&mut self) -> String;

    /// Returns the questions about one state, and the answers.
    fn describe(&mut self, order: Order, index: u64) -> String;
}

/// Computes digests of an engine that is linked into the program.
#[derive(Debug)]
pub struct InProcess<E> {
    engine: E,
    digest: Digest,
}

impl<E: Engine> InProcess<E> {
    /// Wraps an engine.
    #[must_use]
    pub fn new(engine: E) -> Self {
        Self { engine, digest: Digest::new(Order::Scattered) }
    }
}

impl<E: Engine> Backend for InProcess<E> {
    fn target(&mut self) -> String {
        TARGET.to_owned()
    }

    fn build(&mut self) -> String {
        BUILD.to_owned()
    }

    fn version(&mut self) -> u32 {
        self.engine.version()
    }

    fn start(&mut self, order: Order) {
        self.digest = Digest::new(order);
    }

    fn advance(&mut self, states: u64) {
        self.digest.advance(&mut self.engine, states);
    }

    fn finish(&mut self) -> String {
        self.digest.so_far().as_str().to_owned()
    }

    fn describe(&mut self, order: Order, index: u64) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = describe(&mut self.engine, order, index, &mut text);
        text
    }
}

/// A parsed command line.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Print the digest for each number of states, in ascending order.
    Digests(Order, Vec<u64>),
    /// Print one state.
    State(Order, u64),
    /// Print the usage.
    Help,
}

impl Command {
    /// Parses arguments, or returns `None` if they are not a command.
    #[must_use]
    pub fn parse(arguments: &[String]) -> Option<Self> {
        let (order, rest) = arguments.split_first()?;
        if order == "--help" {
            return Some(Self::Help);
        }
        let order = Order::ALL.into_iter().find(|known| known.as_str() == order)?;
        if let [flag, index] = rest
            && flag == "--state"
        {
            return Some(Self::State(order, index.parse().ok()?));
        }
        let mut numbers = rest.iter().map(|number| number.parse().ok()).collect::<Option<Vec<_>>>()?;
        numbers.sort_unstable();
        (!numbers.is_empty()).then_some(Self::Digests(order, numbers))
    }
}

/// Returns the usage text. `program` is the program's name with any arguments of its own.
#[must_use]
pub fn usage(program: &str) -> String {
    format!(
        "usage: {program} scattered|walk|schedules N...\n           the digest of the first N states: a line of JSON for each N\n       \
         {program} scattered|walk|schedules --state N\n           state N, counted from 0: the questions and the answers"
    )
}

/// Runs the command in `arguments`. `load` provides the backend, and is not called for `--help` or an unknown command.
///
/// # Errors
///
/// Any error of `load`.
pub fn run<B: Backend, E>(
    program: &str,
    arguments: &[String],
    load: impl FnOnce() -> Result<B, E>,
) -> Result<ExitCode, E> {
    match Command::parse(arguments) {
        Some(Command::Digests(order, numbers)) => print_digests(&mut load()?, order, &numbers),
        Some(Command::State(order, index)) => println!("{}", load()?.describe(order, index)),
        Some(Command::Help) => println!("{}", usage(program)),
        None => {
            eprintln!("{}", usage(program));
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print_digests(backend: &mut impl Backend, order: Order, numbers: &[u64]) {
    let (target, build, version) = (backend.target(), backend.build(), backend.version());
    let mut progress = Progress::new();
    backend.start(order);
    for number in numbers {
        while progress.states < *number {
            let states = STATES_AT_ONCE.min(number - progress.states);
            backend.advance(states);
            progress.add(states);
        }
        let (digest, seconds) = (backend.finish(), progress.started.elapsed().as_secs_f64());
        println!(
            r#"{{"engine_version":{version},"target":"{target}","build":"{build}","order":"{order}","states":{number},"digest":"{digest}","seconds":{seconds:.3}}}"#
        );
    }
}

/// Reports the number of states covered, once a second.
struct Progress {
    started: Instant,
    last_report: Instant,
    states: u64,
}

impl Progress {
    fn new() -> Self {
        let now = Instant::now();
        Self { started: now, last_report: now, states: 0 }
    }

    fn add(&mut self, states: u64) {
        self.states += states;
        if self.last_report.elapsed() >= Duration::from_secs(1) {
            self.last_report = Instant::now();
            eprintln!("{}", self.states);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec;

    use super::*;

    fn parse(arguments: &str) -> Option<Command> {
        Command::parse(&arguments.split(' ').map(ToOwned::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn commands_are_parsed() {
        assert_eq!(parse("walk 10 1000 100"), Some(Command::Digests(Order::Walk, vec![10, 100, 1000])));
        assert_eq!(parse("scattered --state 0"), Some(Command::State(Order::Scattered, 0)));
        assert_eq!(parse("--help"), Some(Command::Help));
    }

    #[test]
    fn anything_else_is_not_a_command() {
        for arguments in
            ["", "walk", "sideways 10", "walk ten", "walk -1", "walk --state", "walk 1 --state 2"]
        {
            assert_eq!(parse(arguments), None, "{arguments}");
        }
    }
}
