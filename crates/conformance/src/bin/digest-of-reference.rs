//! Prints digests of the reference implementation.

use std::convert::Infallible;
use std::env::args;
use std::process::ExitCode;

use tickseed_conformance::command::{InProcess, run};
use tickseed_conformance::reference::Reference;

fn main() -> ExitCode {
    let arguments: Vec<String> = args().skip(1).collect();
    let Ok(exit) =
        run("digest-of-reference", &arguments, || Ok::<_, Infallible>(InProcess::new(Reference::new())));
    exit
}
