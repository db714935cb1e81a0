//! What every program does that prints digests, whatever computes them.
//!
//! ```text
//! PROGRAM scattered|walk N...         the digest of the first N states: a line of JSON for each N, with engine_version,
//!                                     target, build, order, states, digest and seconds
//! PROGRAM scattered|walk --state N    state N, counted from 0: what is asked, and what the engine answers
//! PROGRAM --help                      how it is used
//! ```
//!
//! On standard error it tells every second how many states it has passed.

use std::borrow::ToOwned;
use std::process::ExitCode;
use std::string::String;
use std::time::{Duration, Instant};
use std::vec::Vec;
use std::{eprintln, format, println};

use crate::{BUILD, Digest, Engine, Order, TARGET, describe};

/// So few that a second has many of them, on a slow emulator too.
const STATES_AT_ONCE: u64 = 1024;

/// Whoever computes digests.
pub trait Work {
    /// What the digest's code was built for.
    fn target(&mut self) -> String;

    /// How it was built.
    fn build(&mut self) -> String;

    /// The version of the definition that the engine computes.
    fn version(&mut self) -> u32;

    /// Begins a digest.
    fn start(&mut self, order: Order);

    /// Takes the next states in.
    fn advance(&mut self, states: u64);

    /// The digest so far, in hexadecimal.
    fn finish(&mut self) -> String;

    /// One state in words.
    fn describe(&mut self, order: Order, index: u64) -> String;
}

/// An engine that is linked into the program.
#[derive(Debug)]
pub struct Native<E> {
    engine: E,
    digest: Digest,
}

impl<E: Engine> Native<E> {
    /// Digests of what this engine computes.
    #[must_use]
    pub fn new(engine: E) -> Self {
        Self { engine, digest: Digest::new(Order::Scattered) }
    }
}

impl<E: Engine> Work for Native<E> {
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
        // A string takes everything.
        let _ = describe(&mut self.engine, order, index, &mut text);
        text
    }
}

/// What a program was asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Digests of so many states, ascending.
    Digests(Order, Vec<u64>),
    /// One state.
    State(Order, u64),
    /// How it is used.
    Help,
}

impl Command {
    /// Reads a command's arguments; `None` if they are none.
    #[must_use]
    pub fn read(arguments: &[String]) -> Option<Self> {
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

/// How a program is used that is started with the words `program`.
#[must_use]
pub fn usage(program: &str) -> String {
    format!(
        "usage: {program} scattered|walk N...\n           the digest of the first N states: a line of JSON for each N\n       \
         {program} scattered|walk --state N\n           state N, counted from 0: what is asked, and what is answered"
    )
}

/// Does what the arguments say, and tells how it went; `load` brings what computes digests.
///
/// # Errors
///
/// What `load` fails with.
pub fn run<W: Work, E>(
    program: &str,
    arguments: &[String],
    load: impl FnOnce() -> Result<W, E>,
) -> Result<ExitCode, E> {
    match Command::read(arguments) {
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

fn print_digests(work: &mut impl Work, order: Order, numbers: &[u64]) {
    let (target, build, version) = (work.target(), work.build(), work.version());
    let mut progress = Progress::new();
    work.start(order);
    for number in numbers {
        while progress.states < *number {
            let states = STATES_AT_ONCE.min(number - progress.states);
            work.advance(states);
            progress.passed(states);
        }
        let (digest, seconds) = (work.finish(), progress.started.elapsed().as_secs_f64());
        println!(
            r#"{{"engine_version":{version},"target":"{target}","build":"{build}","order":"{order}","states":{number},"digest":"{digest}","seconds":{seconds:.3}}}"#
        );
    }
}

/// Tells how far it has got, once a second.
struct Progress {
    started: Instant,
    told: Instant,
    states: u64,
}

impl Progress {
    fn new() -> Self {
        let now = Instant::now();
        Self { started: now, told: now, states: 0 }
    }

    fn passed(&mut self, states: u64) {
        self.states += states;
        if self.told.elapsed() >= Duration::from_secs(1) {
            self.told = Instant::now();
            eprintln!("{}", self.states);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec;

    use super::*;

    fn read(arguments: &str) -> Option<Command> {
        Command::read(&arguments.split(' ').map(ToOwned::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn commands_are_read() {
        assert_eq!(read("walk 10 1000 100"), Some(Command::Digests(Order::Walk, vec![10, 100, 1000])));
        assert_eq!(read("scattered --state 0"), Some(Command::State(Order::Scattered, 0)));
        assert_eq!(read("--help"), Some(Command::Help));
    }

    #[test]
    fn what_is_no_command_is_none() {
        for arguments in
            ["", "walk", "sideways 10", "walk ten", "walk -1", "walk --state", "walk 1 --state 2"]
        {
            assert_eq!(read(arguments), None, "{arguments}");
        }
    }
}
