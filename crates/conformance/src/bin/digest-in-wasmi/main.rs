//! Prints digests computed by a WebAssembly module, which the interpreter wasmi runs.
//!
//! ```text
//! digest-in-wasmi DRIVER ...                              the driver contains an engine
//! digest-in-wasmi DRIVER --package MODULE ADAPTER ...     the engine is the npm package's module
//! ```
//!
//! The other arguments are those of [`tickseed_conformance::command`].

mod driver;

use std::env::args;
use std::error::Error;
use std::process::ExitCode;

use driver::Driver;
use tickseed_conformance::command::{run, usage};

/// The program and its own arguments, for the usage text.
const PROGRAM: &str = "digest-in-wasmi DRIVER [--package MODULE ADAPTER]";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = args().skip(1).collect();
    let (driver, package, rest) = match arguments.as_slice() {
        [driver, flag, module, adapter, rest @ ..] if flag == "--package" => {
            (driver, Some((module, adapter)), rest)
        }
        [driver, rest @ ..] => (driver, None, rest),
        [] => return Ok(show_usage()),
    };
    let package = package.map(|(module, adapter)| (module.as_ref(), adapter.as_ref()));
    run(PROGRAM, rest, || Driver::load(driver.as_ref(), package))
}

fn show_usage() -> ExitCode {
    eprintln!("{}", usage(PROGRAM));
    ExitCode::FAILURE
}
