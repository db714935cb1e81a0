//! `tickseed export`: writes the sessions of a store as lines of JSON.

use std::error::Error;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use tickseed_session::SystemClock;
use tickseed_store::transfer::{self, Exported, Origin};
use tickseed_store::{NewFile, StoreAddress};

use super::progress::{Progress, also};
use super::{Failed, Incomplete, open, sessions, unless_signalled};
use crate::settings::ExportSettings;

/// Exports the sessions of a store.
///
/// # Errors
///
/// If the store cannot be read, the output cannot be written, or sessions had to be left out.
pub async fn export(settings: &ExportSettings) -> Result<(), Box<dyn Error>> {
    let address = settings.store.address()?;
    address.must_exist(&settings.store.folder.data_dir)?;
    let Some(path) = &settings.output else {
        // A signal ends the process at once, also while nobody reads its output.
        return write_all(settings, address, &mut BufWriter::new(io::stdout().lock())).await;
    };
    let source = address.file(&settings.store.folder.data_dir);
    let file = NewFile::begin(path, settings.force, source.as_deref())
        .map_err(|error| cannot_write(path, &error))?;
    let written = unless_signalled(write_all(settings, address, &mut BufWriter::new(file.file()))).await;
    match written {
        // What could be exported is worth keeping.
        Err(error) if !error.is::<Incomplete>() => return Err(error),
        _ => file.finish().map_err(|error| cannot_write(path, &error))?,
    }
    written
}

async fn write_all(
    settings: &ExportSettings,
    address: StoreAddress,
    output: &mut dyn Write,
) -> Result<(), Box<dyn Error>> {
    let origin = Origin { store: address.kind().to_owned(), tickseed: env!("CARGO_PKG_VERSION").to_owned() };
    let store = open(&settings.store, address, None).await.map_err(hint)?;
    let mut progress = Progress::new("exported", settings.quiet);
    let wait = settings.store.reach.wait();
    let exported = transfer::export(&*store, &SystemClock, &origin, wait, output, &mut progress).await?;
    summary(&mut progress, &exported)
}

fn summary(progress: &mut Progress, exported: &Exported) -> Result<(), Box<dyn Error>> {
    let Exported { sessions: number, expired, left_out, digest } = *exported;
    let (expired, total) = (also(expired, "that have expired left out"), progress.total(number));
    progress.line(&format!("exported {}{expired}, {total}", sessions(number)));
    progress.line(&format!("digest {digest}"));
    if left_out == 0 {
        return Ok(());
    }
    let reason =
        format!("{} could not be read and is not in the export; each is named above", sessions(left_out));
    Err(Incomplete(reason).into())
}

fn cannot_write(path: &Path, error: &io::Error) -> Box<dyn Error> {
    let path = path.display();
    match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Failed(format!("--output: {path} exists already, and is not overwritten without --force")).into()
        }
        _ => Failed(format!("--output: {path} cannot be written: {error}")).into(),
    }
}

/// Adds what to do while a server uses the file.
fn hint(error: Box<dyn Error>) -> Box<dyn Error> {
    #[cfg(feature = "embedded")]
    if let Some(tickseed_store::OpenError::Embedded(tickseed_store::FileError::InUse(_))) =
        error.downcast_ref()
    {
        let hint = "tickseed backup copies the store while its server runs, and the copy can be exported";
        return Failed(format!("{error}; {hint}")).into();
    }
    error
}
