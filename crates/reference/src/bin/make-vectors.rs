//! Writes `vectors/v1.json` and prints the number of cases of each kind.

use std::path::Path;
use std::process::ExitCode;
use std::{fs, io};

use tickseed_reference::make::make_vectors;

fn main() -> ExitCode {
    match write_vectors() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write vectors/v1.json: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write_vectors() -> io::Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join("v1.json");
    let vectors = make_vectors();
    let text = vectors.to_text();
    fs::write(&path, &text)?;
    println!("{}: {} bytes", path.display(), text.len());
    for (kind, cases) in vectors.counts() {
        println!("{cases:>6} {kind}");
    }
    println!("{:>6} cases in total", vectors.counts().map(|(_, cases)| cases).iter().sum::<usize>());
    Ok(())
}
