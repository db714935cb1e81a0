//! Prints digests that a WebAssembly module makes, run by the interpreter wasmi.
//!
//! ```text
//! digest-in-wasmi DRIVER ...                              the driver has an engine inside
//! digest-in-wasmi DRIVER --package MODULE ADAPTER ...     the engine is the npm package's module
//! ```
//!
//! What follows is as [`tickseed_digest::command`] says.

mod driver;

use std::env::args;
use std::error::Error;
use std::process::ExitCode;

use driver::Driver;
use tickseed_digest::command::{run, usage};

/// How it is started.
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
