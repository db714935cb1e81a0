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
use tickseed_digest::command::Command;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = args().skip(1).collect();
    let (driver, package, rest) = match arguments.as_slice() {
        [driver, flag, module, adapter, rest @ ..] if flag == "--package" => {
            (driver, Some((module, adapter)), rest)
        }
        [driver, rest @ ..] => (driver, None, rest),
        [] => return Ok(usage()),
    };
    let Some(command) = Command::read(rest) else {
        return Ok(usage());
    };
    let package = package.map(|(module, adapter)| (module.as_ref(), adapter.as_ref()));
    command.run(&mut Driver::load(driver.as_ref(), package)?);
    Ok(ExitCode::SUCCESS)
}

fn usage() -> ExitCode {
    eprintln!("usage: digest-in-wasmi DRIVER [--package MODULE ADAPTER] {}", Command::USAGE);
    ExitCode::FAILURE
}
