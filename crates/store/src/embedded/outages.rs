//! What happens while the file of the embedded store cannot be written, for example because its disk is full.
//!
//! After a failed write redb refuses everything until the file is opened anew, which may take a repair. So the file is opened
//! once, for reading only, and writes are refused until a probe of the disk succeeds.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tickseed_session::{StoreError, error_chain};

use super::disk;
use super::file::StoreFile;
use super::file_error::FileError;
use super::write_fault::WriteFault;
use crate::write_health::{Refusal, WriteHealth};

/// How often the disk is probed.
const PROBE_EVERY: Duration = Duration::from_secs(1);
/// How long the pause becomes at most if the file cannot be written although probes of the disk succeed.
const LONGEST_PAUSE: Duration = Duration::from_secs(16);

/// The store has one part.
const PART: u16 = 0;

/// The current outage, if there is one, and its end.
pub(super) struct Outages {
    file: Arc<StoreFile>,
    health: Arc<WriteHealth>,
    current: Option<Outage>,
    /// How long nothing is tried after the next failure of the file itself.
    pause: Duration,
}

struct Outage {
    fault: WriteFault,
    error: Arc<dyn Error + Send + Sync>,
    try_again_at: Instant,
}

impl Outages {
    /// Begins with an outage if the file could be opened for reading only, for this reason.
    pub(super) fn new(file: Arc<StoreFile>, health: Arc<WriteHealth>, reason: Option<FileError>) -> Self {
        let mut outages = Self { file, health, current: None, pause: PROBE_EVERY };
        if let Some(reason) = reason {
            outages.begin(WriteFault::of_opening(&reason), Arc::new(reason), 0, PROBE_EVERY);
        }
        outages
    }

    /// Returns how long to wait before the outage may end; `None` if there is none.
    pub(super) fn time_left(&self) -> Option<Duration> {
        let outage = self.current.as_ref()?;
        Some(outage.try_again_at.saturating_duration_since(Instant::now()))
    }

    /// Returns the error for this many writes, if there is an outage.
    pub(super) fn refuse(&self, writes: usize) -> Option<StoreError> {
        let outage = self.current.as_ref()?;
        Some(self.note(outage.fault, Arc::clone(&outage.error), writes))
    }

    /// Notes that a transaction with this many writes has succeeded.
    pub(super) fn succeeded(&mut self) {
        self.pause = PROBE_EVERY;
    }

    /// Begins an outage, because a transaction with this many writes has failed, and opens the file for reading. Returns the error
    /// for the writes.
    pub(super) fn failed(&mut self, error: redb::Error, writes: usize) -> StoreError {
        let fault = WriteFault::of(&error);
        let error = self.begin(fault, Arc::new(error), writes, self.pause);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        self.freeze();
        error
    }

    /// Ends the outage if its pause is over and the file can be written again. Returns whether it has just ended.
    pub(super) fn end_if_possible(&mut self) -> bool {
        if self.time_left() != Some(Duration::ZERO) {
            return false;
        }
        if let Err(error) = disk::probe(self.file.path()) {
            drop(self.begin(WriteFault::of_io(&error), Arc::new(error), 0, PROBE_EVERY));
            return false;
        }
        if let Err(error) = self.file.thaw() {
            drop(self.begin(WriteFault::of_opening(&error), Arc::new(error), 0, self.pause));
            self.pause = (self.pause * 2).min(LONGEST_PAUSE);
            self.freeze();
            return false;
        }
        self.current = None;
        self.health.works(PART);
        true
    }

    fn begin(
        &mut self,
        fault: WriteFault,
        error: Arc<dyn Error + Send + Sync>,
        writes: usize,
        pause: Duration,
    ) -> StoreError {
        let noted = self.note(fault, Arc::clone(&error), writes);
        self.current = Some(Outage { fault, error, try_again_at: Instant::now() + pause });
        noted
    }

    fn note(&self, fault: WriteFault, error: Arc<dyn Error + Send + Sync>, writes: usize) -> StoreError {
        let refusal = Refusal { cause: fault.cause(), error, writes: writes as u64 };
        self.health.failed(PART, &self.file.path().display().to_string(), refusal, Instant::now())
    }

    fn freeze(&self) {
        if let Err(error) = self.file.freeze() {
            tracing::error!(error = error_chain(&error), "the embedded store cannot be read either");
        }
    }
}
