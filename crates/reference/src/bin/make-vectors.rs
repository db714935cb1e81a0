//! Writes `vectors/v1.json` and `vectors/schedule-v1.json`, and prints the number of cases of each kind.

use std::path::Path;
use std::process::ExitCode;
use std::{fs, io};

use tickseed_reference::make::{make_schedule_vectors, make_vectors};

fn main() -> ExitCode {
    let (vectors, schedules) = (make_vectors(), make_schedule_vectors());
    let written = write("v1.json", &vectors.to_text(), &vectors.counts())
        .and_then(|()| write("schedule-v1.json", &schedules.to_text(), &schedules.counts()));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write the vectors: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write(name: &str, text: &str, counts: &[(&str, usize)]) -> io::Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(name);
    fs::write(&path, text)?;
    println!("{}: {} bytes", path.display(), text.len());
    for (kind, cases) in counts {
        println!("{cases:>6} {kind}");
    }
    println!("{:>6} in total", counts.iter().map(|(_, cases)| cases).sum::<usize>());
    Ok(())
}
