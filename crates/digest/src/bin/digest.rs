//! Prints digests of the engine that is linked in.
//!
//! ```text
//! digest scattered|walk N...          a line of JSON for each N: engine_version, target, build, order, states, digest, seconds
//! digest scattered|walk --state N     what is asked about state N, counted from 0, and what the engine answers
//! ```
//!
//! On standard error it tells every second how many states it has passed.

use std::env::args;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tickseed_digest::linked::Linked;
use tickseed_digest::{BUILD, Digest, Engine as _, Order, TARGET, describe};

/// So few that a second has many of them, on a slow emulator too.
const STATES_AT_ONCE: u64 = 1024;

fn main() -> ExitCode {
    let arguments: Vec<String> = args().skip(1).collect();
    if let Some(what) = What::read(&arguments) {
        what.run();
        return ExitCode::SUCCESS;
    }
    eprintln!("usage: digest scattered|walk N...\n       digest scattered|walk --state N");
    ExitCode::FAILURE
}

enum What {
    /// Digests of so many states, ascending.
    Digests(Order, Vec<u64>),
    State(Order, u64),
}

impl What {
    fn read(arguments: &[String]) -> Option<Self> {
        let (order, rest) = arguments.split_first()?;
        let order = Order::ALL.into_iter().find(|known| known.as_str() == order)?;
        match rest {
            [flag, number] if flag == "--state" => Some(Self::State(order, number.parse().ok()?)),
            numbers => {
                let mut states =
                    numbers.iter().map(|number| number.parse()).collect::<Result<Vec<_>, _>>().ok()?;
                states.sort_unstable();
                (!states.is_empty()).then_some(Self::Digests(order, states))
            }
        }
    }

    fn run(self) {
        match self {
            Self::Digests(order, states) => print_digests(order, &states),
            Self::State(order, index) => {
                let mut text = String::new();
                describe(&mut Linked::new(), order, index, &mut text).expect("a string takes everything");
                println!("{text}");
            }
        }
    }
}

fn print_digests(order: Order, numbers: &[u64]) {
    let mut engine = Linked::new();
    let mut digest = Digest::new(order);
    let mut progress = Progress::new();
    for number in numbers {
        while progress.states < *number {
            let states = STATES_AT_ONCE.min(number - progress.states);
            digest.advance(&mut engine, states);
            progress.passed(states);
        }
        print_line(engine.version(), order, *number, digest.so_far(), progress.started.elapsed());
    }
}

fn print_line(version: u32, order: Order, states: u64, digest: [u8; 32], time: Duration) {
    let digest = hexadecimal(digest);
    let seconds = time.as_secs_f64();
    println!(
        r#"{{"engine_version":{version},"target":"{TARGET}","build":"{BUILD}","order":"{order}","states":{states},"digest":"{digest}","seconds":{seconds:.3}}}"#
    );
}

fn hexadecimal(bytes: [u8; 32]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// Tells how far it has got, once a second.
struct Progress {
    started: Instant,
    told: Instant,
    states: u64,
}

impl Progress {
    fn new() -> Self {
        Self { started: Instant::now(), told: Instant::now(), states: 0 }
    }

    fn passed(&mut self, states: u64) {
        self.states += states;
        if self.told.elapsed() >= Duration::from_secs(1) {
            self.told = Instant::now();
            eprintln!("{}", self.states);
        }
    }
}
