//! Prints digests of the engine that is linked in.

use std::convert::Infallible;
use std::env::args;
use std::process::ExitCode;

use tickseed_digest::command::{Native, run};
use tickseed_digest::linked::Linked;

fn main() -> ExitCode {
    let arguments: Vec<String> = args().skip(1).collect();
    let Ok(exit) = run("digest", &arguments, || Ok::<_, Infallible>(Native::new(Linked::new())));
    exit
}
