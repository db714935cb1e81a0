//! Signals and limits of Linux, macOS and the BSDs.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::EndSignal;

/// The number of this signal on Linux, macOS and the BSDs.
const SIGXFSZ: i32 = 25;

/// The signals that the server handles.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    /// Catches the signals from now on.
    pub(crate) fn catch() -> io::Result<Self> {
        // A write beyond a limit on the size of files then fails, and does not end the process. The signal stays caught.
        drop(signal(SignalKind::from_raw(SIGXFSZ))?);
        let (terminate, interrupt) = (SignalKind::terminate(), SignalKind::interrupt());
        Ok(Self {
            terminate: signal(terminate)?,
            interrupt: signal(interrupt)?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next signal that asks the server to end. Calls `on_hangup` for every SIGHUP until then.
    pub(crate) async fn next(&mut self, on_hangup: impl Fn()) -> EndSignal {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return EndSignal::Terminate,
                _ = self.interrupt.recv() => return EndSignal::Interrupt,
                _ = self.hangup.recv() => on_hangup(),
            }
        }
    }
}

/// Raises the limit on open files to `wanted`, or as far as it goes, and returns it.
pub(crate) fn raise_open_files(wanted: u64) -> io::Result<u64> {
    rlimit::increase_nofile_limit(wanted)
}

/// Returns how many files and connections the process may open.
pub(crate) fn open_files_limit() -> Option<u64> {
    rlimit::Resource::NOFILE.get_soft().ok()
}
