//! What differs between operating systems. No other module calls an API that only some of them have.

#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

pub(crate) use self::system::{Signals, open_files_limit, raise_open_files};

use std::time::Duration;
use std::{fs, io};

use actix_web::rt::net::TcpStream;

/// A signal that asks the server to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndSignal {
    /// From a person at the terminal.
    Interrupt,
    /// From a program, such as a service manager.
    Terminate,
}

/// Returns how much memory of the process is resident. Only Linux says.
pub(crate) fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"))?;
    kilobytes.trim().parse::<u64>().ok()?.checked_mul(1_024)
}

/// Returns how many files and connections the process has open. Only Linux says.
pub(crate) fn open_files() -> Option<u64> {
    // One of them is the folder that is being read.
    let open = fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1);
    u64::try_from(open).ok()
}

/// Makes the kernel close a connection whose other end has not read anything for `unread_for`, whether it is gone or
/// just slow. Until then, the buffers of the kernel and of the connection limit the amount of unread data.
///
/// Only Linux can do that.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn limit_unread_data(stream: &TcpStream, unread_for: Duration) -> io::Result<()> {
    socket2::SockRef::from(stream).set_tcp_user_timeout(Some(unread_for))
}

/// Does nothing, because only Linux has such a limit.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[expect(clippy::unnecessary_wraps, reason = "on Linux it can fail")]
pub(crate) const fn limit_unread_data(_stream: &TcpStream, _unread_for: Duration) -> io::Result<()> {
    Ok(())
}
