//! The socket on which a server hands copies of its store out, one at a time.

use std::fs::{self, Permissions};
use std::io::{self, BufRead, BufReader, BufWriter, ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use redb::ReadableDatabase;
use rustix::event::{PollFd, PollFlags, poll};
use tickseed_session::error_chain;

use super::entries::{Entry, Snapshot};
use super::stream::{REQUEST, StreamError, read_head, write_end, write_entry, write_head};
use super::{BackupError, Size};
use crate::embedded::file::StoreFile;
use crate::panics::PanicGuard;

/// The name of the socket, beside the file of the store.
const SOCKET_NAME: &str = "sessions.sock";

/// How long the other end may take nothing. The pages of a copy that is not taken cannot be used again, so the file would grow.
const UNREAD_FOR: Duration = Duration::from_secs(30);

/// How long a client waits for more. Another copy may come first, and the server reads its whole file to know how large the copy
/// will be.
const SILENT_FOR: Duration = Duration::from_mins(10);

/// How often a client that waits looks whether its caller has cancelled.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How long nobody is accepted after the operating system has refused to, for example because the server has too many open files.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How long a client may take to say what it wants.
const REQUEST_WITHIN: Duration = Duration::from_secs(5);

/// Hands out copies until it is dropped.
pub(in crate::embedded) struct BackupSocket {
    path: PathBuf,
    /// Its other end hears when this is dropped.
    _end: UnixStream,
}

impl BackupSocket {
    /// Begins to hand out copies of a file. The file must be open: nobody else has a socket in its folder then.
    pub(in crate::embedded) fn open(
        folder: &Path,
        file: &Arc<StoreFile>,
        guard: PanicGuard,
    ) -> io::Result<Self> {
        let path = folder.join(SOCKET_NAME);
        let listener = listen(folder, &path)?;
        let (end, ended) = UnixStream::pair()?;
        let file = Arc::downgrade(file);
        let work = move || {
            let _guard = guard;
            serve(&listener, &ended, &file);
        };
        thread::Builder::new().name("store-backups".to_owned()).spawn(work)?;
        Ok(Self { path, _end: end })
    }
}

impl Drop for BackupSocket {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.path));
    }
}

/// Makes the socket in a folder that only this user can enter, because its own rights can be set only afterwards. Then moves it to its
/// place, where the socket of a killed process may be.
fn listen(folder: &Path, path: &Path) -> io::Result<UnixListener> {
    let private =
        tempfile::Builder::new().prefix("s").permissions(Permissions::from_mode(0o700)).tempdir_in(folder)?;
    let made = private.path().join("s");
    let listener = UnixListener::bind(&made)?;
    fs::set_permissions(&made, Permissions::from_mode(0o600))?;
    fs::rename(&made, path)?;
    Ok(listener)
}

fn serve(listener: &UnixListener, ended: &UnixStream, file: &Weak<StoreFile>) {
    while wait(listener, ended) {
        match listener.accept().map(|(client, _)| hand_out(client, file)) {
            Ok(Ok(Some(size))) => tracing::info!(sessions = size.sessions, "a backup was handed out"),
            Ok(Ok(None)) => {}
            Ok(Err(error)) => tracing::warn!(error = error_chain(&error), "a backup could not be handed out"),
            Err(error) => {
                tracing::warn!(error = error_chain(&error), "the socket for backups failed");
                // The client is still waiting, so the next attempt would fail at once, again and again.
                thread::sleep(ACCEPT_AGAIN_AFTER);
            }
        }
    }
}

/// Waits for a client. Returns false when the store is being dropped.
fn wait(listener: &UnixListener, ended: &UnixStream) -> bool {
    let mut fds = [PollFd::new(listener, PollFlags::IN), PollFd::new(ended, PollFlags::IN)];
    loop {
        match poll(&mut fds, None) {
            Ok(_) => return fds[1].revents().is_empty(),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => {
                tracing::error!(error = error_chain(&error), "there are no backups any more");
                return false;
            }
        }
    }
}

/// Hands a copy out to a client that asks for one. Returns its size, or `None` if the client wants something else or nothing.
fn hand_out(client: UnixStream, file: &Weak<StoreFile>) -> Result<Option<Size>, StreamError> {
    client.set_read_timeout(Some(REQUEST_WITHIN))?;
    client.set_write_timeout(Some(UNREAD_FOR))?;
    let mut request = String::new();
    BufReader::new(&client).take(REQUEST.len() as u64).read_line(&mut request)?;
    if request != REQUEST {
        return Ok(None);
    }
    let mut output = BufWriter::new(client);
    match copy(&mut output, file) {
        // The client has heard nothing of it.
        Err(StreamError::Read(error)) => {
            write_end(&mut output, &error_chain(&error))?;
            Err(error.into())
        }
        copied => copied.map(Some),
    }
}

fn copy(output: &mut impl Write, file: &Weak<StoreFile>) -> Result<Size, StreamError> {
    // The store is not kept open for this. If it is dropped or opened anew, reading fails.
    let transaction = file
        .upgrade()
        .ok_or_else(|| io::Error::from(ErrorKind::ConnectionAborted))?
        .with_database(|database| Ok(database.begin_read()?))
        .map_err(super::entries::ReadFailure::from)?;
    let snapshot = Snapshot::new(transaction, None);
    let size = snapshot.size().map_err(super::entries::ReadFailure::from)?;
    write_head(output, size)?;
    snapshot.for_each::<StreamError>(&mut |entry: Entry<'_>| Ok(write_entry(output, entry)?))?;
    write_end(output, "")?;
    Ok(size)
}

/// A copy that a server hands out.
pub(super) type Incoming = BufReader<Connection>;

/// The connection to a server. A read ends early if the caller cancels.
pub(super) struct Connection {
    server: UnixStream,
    is_cancelled: Arc<AtomicBool>,
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let since = Instant::now();
        loop {
            match self.server.read(buffer) {
                Err(error) if is_silence(&error) && since.elapsed() < SILENT_FOR => {
                    if self.is_cancelled.load(Ordering::Relaxed) {
                        return Err(ErrorKind::ConnectionAborted.into());
                    }
                }
                result => return result,
            }
        }
    }
}

/// Returns whether a read has ended because nothing came within its time limit.
fn is_silence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// Returns whether this error means that no server is there. A path that is too long for a socket gives one, too: no server could
/// have made a socket there.
fn is_without_server(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused | ErrorKind::InvalidInput)
}

/// Asks the server in a folder for a copy. Returns `None` if there is no server.
pub(super) fn connect(
    folder: &Path,
    is_cancelled: &Arc<AtomicBool>,
) -> Result<Option<(Incoming, Size)>, BackupError> {
    let path = folder.join(SOCKET_NAME);
    let mut server = match UnixStream::connect(&path) {
        Ok(server) => server,
        Err(error) if is_without_server(&error) => return Ok(None),
        Err(error) => return Err(BackupError::Socket(path, error)),
    };
    server.set_read_timeout(Some(LOOK_EVERY)).map_err(StreamError::from)?;
    server.write_all(REQUEST.as_bytes()).map_err(StreamError::from)?;
    let mut incoming = BufReader::new(Connection { server, is_cancelled: Arc::clone(is_cancelled) });
    let size = read_head(&mut incoming)?;
    Ok(Some((incoming, size)))
}
