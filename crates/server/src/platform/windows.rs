//! Signals and limits of Windows.

use std::io;

use tokio::signal::windows::{
    CtrlBreak, CtrlC, CtrlClose, CtrlShutdown, ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown,
};

use super::EndSignal;

/// The signals that the server handles.
pub(crate) struct Signals {
    interrupt: CtrlC,
    terminate: CtrlBreak,
    close: CtrlClose,
    shutdown: CtrlShutdown,
}

impl Signals {
    /// Catches the signals from now on.
    pub(crate) fn catch() -> io::Result<Self> {
        let (interrupt, terminate) = (ctrl_c()?, ctrl_break()?);
        Ok(Self { interrupt, terminate, close: ctrl_close()?, shutdown: ctrl_shutdown()? })
    }

    /// Waits for the next signal that asks the server to end. Windows has no SIGHUP.
    pub(crate) async fn next(&mut self, _on_hangup: impl Fn()) -> EndSignal {
        tokio::select! {
            _ = self.interrupt.recv() => EndSignal::Interrupt,
            _ = self.terminate.recv() => EndSignal::Terminate,
            _ = self.close.recv() => EndSignal::Terminate,
            _ = self.shutdown.recv() => EndSignal::Terminate,
        }
    }
}

/// Windows does not limit the number of sockets.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(crate) const fn raise_open_files(wanted: u64) -> io::Result<u64> {
    Ok(wanted)
}

/// Windows does not limit the number of sockets.
pub(crate) const fn open_files_limit() -> Option<u64> {
    None
}
