//! What every program does that prints digests, whatever computes them.
//!
//! ```text
//! PROGRAM scattered|walk N...         a line of JSON for each N: engine_version, target, build, order, states, digest, seconds
//! PROGRAM scattered|walk --state N    what is asked about state N, counted from 0, and what the engine answers
//! ```
//!
//! On standard error it tells every second how many states it has passed.

use std::string::String;
use std::time::{Duration, Instant};
use std::vec::Vec;
use std::{eprintln, println};

use crate::Order;

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

/// What a program was asked for.
#[derive(Debug)]
pub enum Command {
    /// Digests of so many states, ascending.
    Digests(Order, Vec<u64>),
    /// One state.
    State(Order, u64),
}

impl Command {
    /// How it is asked.
    pub const USAGE: &str = "scattered|walk N...\n   or: scattered|walk --state N";

    /// Reads a command's arguments; `None` if they are none.
    #[must_use]
    pub fn read(arguments: &[String]) -> Option<Self> {
        let (order, rest) = arguments.split_first()?;
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

    /// Does it.
    pub fn run(self, work: &mut impl Work) {
        match self {
            Self::Digests(order, numbers) => print_digests(work, order, &numbers),
            Self::State(order, index) => println!("{}", work.describe(order, index)),
        }
    }
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
