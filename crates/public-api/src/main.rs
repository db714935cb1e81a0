//! Prints the public API of a crate, one sorted line per item: `tickseed-public-api RUSTDOC_JSON`.

use std::env;
use std::error::Error;
use std::io::{Write, stdout};

use public_api::Builder;

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).ok_or("usage: tickseed-public-api RUSTDOC_JSON")?;
    // Blanket impls come from core and say nothing about the crate.
    let api = Builder::from_rustdoc_json(path).sorted(true).omit_blanket_impls(true).build()?;
    let mut out = stdout().lock();
    for item in api.items() {
        writeln!(out, "{item}")?;
    }
    Ok(())
}
