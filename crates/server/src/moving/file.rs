//! `tickseed backup` and `tickseed compact`: keep the file of the embedded store.

use std::error::Error;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tickseed_store::{Backup, Compaction, back_up};

use super::progress::Progress;
use super::{Failed, count, sessions};
use crate::platform::Signals;
use crate::settings::{BackupSettings, CompactSettings, FileSettings};
use crate::terminal::print_line;

/// Copies the file of the embedded store, also while a server uses it.
///
/// # Errors
///
/// If the store cannot be read, or the copy cannot be written.
pub async fn backup(settings: &BackupSettings) -> Result<(), Box<dyn Error>> {
    let data_dir = folder(&settings.store)?.to_owned();
    let mut signals = Signals::catch()?;
    let is_cancelled = Arc::new(AtomicBool::new(false));
    let mut progress = Progress::new("copied entries:", settings.quiet);
    let (settings, is_cancelled_there) = (settings.clone(), Arc::clone(&is_cancelled));
    let copying = tokio::task::spawn_blocking(move || {
        let BackupSettings { output, force, .. } = &settings;
        let shown = &mut |done, all| progress.show(done, Some(all));
        let backup = back_up(&data_dir, output, *force, &is_cancelled_there, shown)?;
        summary(&mut progress, output, &backup);
        Ok::<_, tickseed_store::BackupError>(())
    });
    let mut copying = pin!(copying);
    tokio::select! {
        copied = &mut copying => return Ok(copied??),
        _ = signals.next(|| {}) => is_cancelled.store(true, Ordering::Relaxed),
    }
    // It removes the incomplete file.
    Ok(copying.await??)
}

/// Returns the folder of the embedded store. No other store is a file.
fn folder(settings: &FileSettings) -> Result<&Path, Failed> {
    const OTHERWISE: &str = "--store (or TICKSEED_STORE) must be embedded for this command, because no other store is a file; \
                             tickseed export keeps a copy of the sessions of any store";
    if settings.is_embedded() { Ok(&settings.folder.data_dir) } else { Err(Failed(OTHERWISE.to_owned())) }
}

fn summary(progress: &mut Progress, output: &Path, backup: &Backup) {
    let reader = if backup.from_server { "the running server" } else { "the file, which no server uses" };
    let (output, others) = (output.display(), backup.entries - backup.sessions);
    let total = progress.total(backup.entries);
    progress.line(&format!(
        "{output}: {} and {} from {reader}, {} bytes, {total}",
        sessions(backup.sessions),
        count(others, "other entry", "other entries"),
        backup.bytes,
    ));
}

/// Makes the file of the embedded store as small as its contents.
///
/// # Errors
///
/// If there is no store, or a server uses it.
pub fn compact(settings: &CompactSettings) -> Result<(), Box<dyn Error>> {
    let Compaction { before, after } = tickseed_store::compact(folder(&settings.store)?)?;
    Ok(print_line(&format!("before: {before} bytes\nafter: {after} bytes"))?)
}
