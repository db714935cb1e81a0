//! `tickseed import`: creates the sessions of an export in a store.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use tickseed_session::{StoreError, SystemClock, error_chain};
use tickseed_store::transfer::{self, ImportError, ImportOptions, Imported};

use super::progress::{Progress, also};
use super::{Failed, Incomplete, open, sessions};
use crate::settings::ImportSettings;

/// Imports sessions into a store.
///
/// # Errors
///
/// If the export is not whole, the store cannot be written, or sessions could not be created.
pub async fn import(settings: &ImportSettings) -> Result<(), Box<dyn Error>> {
    let input: Box<dyn BufRead> = match &settings.input {
        Some(path) => Box::new(checked(path)?),
        None => Box::new(io::stdin().lock()),
    };
    let address = settings.store.address()?;
    let (is_dry, patience) = (settings.dry_run, settings.store.reach.wait());
    let options = ImportOptions { is_dry, patience, at_once: address.calls_at_once() };
    // A dry run makes no store.
    let is_there = !settings.dry_run || address.must_exist(&settings.store.folder.data_dir).is_ok();
    let store =
        if is_there { Some(open(&settings.store, address, settings.max_sessions()).await?) } else { None };
    let (mut progress, mut imported) = (Progress::new("imported", settings.quiet), Imported::default());
    let done =
        transfer::import(store.as_deref(), &SystemClock, input, options, &mut imported, &mut progress).await;
    summary(&mut progress, settings.dry_run, &imported);
    match done {
        Ok(()) if imported.is_complete() => Ok(()),
        Ok(()) => {
            Err(Incomplete("not every session of the export is in the store; each is named above".to_owned())
                .into())
        }
        Err(error) => Err(explain(&error)),
    }
}

/// Opens a file, and checks it to its end if it is one that can be read twice.
fn checked(path: &Path) -> Result<BufReader<File>, Box<dyn Error>> {
    let file = read(path)?;
    if !file.get_ref().metadata()?.is_file() {
        return Ok(file);
    }
    transfer::check(file).map_err(|error| {
        Failed(format!("nothing was imported from {}:\n{}", path.display(), error_chain(&error)))
    })?;
    read(path)
}

fn read(path: &Path) -> Result<BufReader<File>, Box<dyn Error>> {
    let file = File::open(path)
        .map_err(|error| Failed(format!("--input: {} cannot be read: {error}", path.display())))?;
    Ok(BufReader::new(file))
}

fn summary(progress: &mut Progress, is_dry: bool, imported: &Imported) {
    let Imported { created, already_there, conflicts, expired, newer, .. } = *imported;
    let verb = if is_dry { "would import" } else { "imported" };
    let others = [
        also(already_there, "already there"),
        also(expired, "expired and not imported"),
        also(conflicts, "not imported because of a conflict"),
        also(newer, "not imported because only a later version understands them"),
        also(imported.left_out, "left out by the export"),
    ];
    let total = progress.total(created + already_there);
    progress.line(&format!("{verb} {}{}, {total}", sessions(created), others.concat()));
    if is_dry || created + already_there == 0 {
        return;
    }
    let others =
        [also(imported.changed, "changed by a server meanwhile"), also(imported.gone, "expired meanwhile")];
    progress.line(&format!("read back {}: as in the export{}", sessions(imported.compared), others.concat()));
    let Imported { digest, digest_of_copies, .. } = imported;
    let equality =
        if digest == digest_of_copies { "the digest of the export" } else { "the export has another one" };
    progress.line(&format!("digest {digest_of_copies}, {equality}"));
}

/// Adds what to do.
fn explain(error: &ImportError) -> Box<dyn Error> {
    let advice = match error {
        ImportError::Store(StoreError::TooManySessions { .. }) => {
            "; raise --max-sessions (or TICKSEED_MAX_SESSIONS), or remove sessions"
        }
        _ => "",
    };
    let rest = "what was imported stays, and another import of the same export goes on from there";
    Failed(format!("{}{advice}; {rest}", error_chain(error))).into()
}
