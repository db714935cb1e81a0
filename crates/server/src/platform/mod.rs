//! What differs between operating systems. No other module calls an API that only some of them have.

#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

pub(crate) use self::system::{Signals, raise_open_files};

use std::io;
use std::time::Duration;

use actix_web::rt::net::TcpStream;

/// A signal that asks the server to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndSignal {
    /// From a person at the terminal.
    Interrupt,
    /// From a program, such as a service manager.
    Terminate,
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
