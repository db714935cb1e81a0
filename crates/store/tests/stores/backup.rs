//! Copies of the embedded store's file, also while it is in use, and its compaction.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;

use futures_util::future::join_all;
use tempfile::TempDir;
use tickseed_session::acceptance::{TestClock, now, session};
use tickseed_session::{
    Created, Metadata, Progress, RequestId, Reservation, Session, SessionStore, error_chain,
};
use tickseed_store::{Backup, BackupError, EmbeddedOptions, EmbeddedStore, FileError, back_up, compact};

fn open(folder: &Path) -> EmbeddedStore {
    let options = EmbeddedOptions { hands_out_backups: true, ..EmbeddedOptions::default() };
    EmbeddedStore::open_with(folder, Arc::new(TestClock::new()), options).unwrap()
}

async fn create(store: &EmbeddedStore, count: usize) -> Vec<Session> {
    let metadata = serde_json::from_str(&format!(r#"{{"a":"{}"}}"#, "a".repeat(500))).unwrap();
    let metadata = Some(Metadata::new(&metadata).unwrap());
    let sessions: Vec<_> = (0..count)
        .map(|number| Session { metadata: metadata.clone(), ..session([0, 60][number % 2]) })
        .collect();
    let creates = join_all(sessions.iter().map(|session| store.create(session.clone()))).await;
    assert!(creates.into_iter().all(|created| created.unwrap() == Created::Yes));
    sessions
}

fn copy(folder: &Path, path: &Path, replaces: bool) -> Result<Backup, BackupError> {
    back_up(folder, path, replaces, &Arc::default(), &mut |_, _| {})
}

/// Puts a backup in the place of a store, as the documentation says, and opens it.
fn restored(backup: &Path) -> (TempDir, EmbeddedStore) {
    let folder = TempDir::new().unwrap();
    fs::copy(backup, folder.path().join("sessions.redb")).unwrap();
    let store = open(folder.path());
    (folder, store)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_backup_holds_everything_whether_or_not_the_store_is_in_use() {
    let (folder, backups) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let store = open(folder.path());
    let sessions = create(&store, 20).await;
    let request = RequestId::new([7; 32]);
    let reservation = Reservation {
        version: 1,
        fingerprint: [1; 32],
        salt: [2; 16],
        reserved_at: now(),
        progress: Progress::Begun,
    };
    store.requests().unwrap().reserve(request, reservation.clone()).await.unwrap();
    let mut store = Some(store);
    for from_server in [true, false] {
        if !from_server {
            drop(store.take());
            assert_eq!(names(folder.path()), ["sessions.redb"], "the socket is gone");
        }
        let path = backups.path().join(format!("{from_server}.redb"));
        let (source, place) = (folder.path().to_owned(), path.clone());
        let backup =
            tokio::task::spawn_blocking(move || copy(&source, &place, false)).await.unwrap().unwrap();
        assert_eq!((backup.sessions, backup.from_server), (20, from_server));
        assert_eq!(backup.bytes, fs::metadata(&path).unwrap().len());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let (_folder, restored) = restored(&path);
        for session in &sessions {
            assert_eq!(restored.find(session.id).await.unwrap().as_ref(), Some(session));
        }
        assert!(
            restored.requests().unwrap().reserve(request, reservation.clone()).await.unwrap()
                == Some(reservation.clone())
        );
        let later = sessions[1].expires_at.unwrap();
        assert_eq!(restored.remove_expired(later).await.unwrap(), 10, "it knows when they expire");
    }
}

/// The client of the backup reads nothing meanwhile, so the backup cannot have come to its end.
#[tokio::test]
async fn writes_go_on_during_a_backup_which_has_what_was_acknowledged_before() {
    let (folder, backups) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let store = open(folder.path());
    // More than the socket and the buffers take.
    let before = create(&store, 2_000).await;
    let mut client = UnixStream::connect(folder.path().join("sessions.sock")).unwrap();
    client.write_all(b"backup\n").unwrap();
    let mut client = BufReader::new(client);
    let mut head = String::new();
    client.read_line(&mut head).unwrap();
    let during = create(&store, 50).await;
    assert_eq!(store.remove_expired(during[1].expires_at.unwrap()).await.unwrap(), 1_025);
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).unwrap();
    let has = |session: &Session| rest.windows(16).any(|bytes| bytes == session.id.as_bytes());
    assert!(has(&before[0]) && has(&before[1_999]) && !has(&during[0]) && !has(&during[1]));
    assert!(head.contains("\"sessions\":2000"), "{head}");

    let path = backups.path().join("later.redb");
    let (source, place) = (folder.path().to_owned(), path.clone());
    let backup = tokio::task::spawn_blocking(move || copy(&source, &place, false)).await.unwrap().unwrap();
    assert_eq!(backup.sessions, 1_025);
}

#[tokio::test]
async fn the_socket_is_only_for_the_user_of_the_server_and_outlives_no_store() {
    let folder = TempDir::new().unwrap();
    let socket = folder.path().join("sessions.sock");
    // One of a killed process.
    fs::write(&socket, "").unwrap();
    for _ in 0..2 {
        let store = open(folder.path());
        let found = fs::metadata(&socket).unwrap();
        assert!(found.file_type().is_socket());
        assert_eq!(found.permissions().mode() & 0o777, 0o600);
        let mut stranger = UnixStream::connect(&socket).unwrap();
        stranger.write_all(b"something else\n").unwrap();
        let mut answer = Vec::new();
        drop(stranger.read_to_end(&mut answer));
        assert!(answer.is_empty());
        drop(store);
        assert_eq!(names(folder.path()), ["sessions.redb"]);
    }
    let plain = EmbeddedStore::open(folder.path(), Arc::new(TestClock::new())).unwrap();
    assert_eq!(names(folder.path()), ["sessions.redb"], "no socket without the option");
    let error = copy(folder.path(), &folder.path().join("copy"), false).unwrap_err();
    assert!(matches!(error, BackupError::NoSocket(_)), "{error}");
    drop(plain);
}

#[tokio::test]
async fn a_backup_replaces_nothing_unless_it_may_and_leaves_nothing_half_done() {
    let (folder, backups) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    create(&open(folder.path()), 3).await;
    let path = backups.path().join("backup.redb");
    fs::write(&path, "precious").unwrap();
    let error = copy(folder.path(), &path, false).unwrap_err();
    assert!(error.to_string().ends_with("exists already, and is not overwritten without --force"), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    let cancelled = back_up(folder.path(), &path, true, &Arc::new(true.into()), &mut |_, _| {}).unwrap_err();
    assert!(matches!(cancelled, BackupError::Cancelled));
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    assert_eq!(copy(folder.path(), &path, true).unwrap().sessions, 3);
    let nowhere = copy(folder.path(), &backups.path().join("no/folder"), false).unwrap_err();
    assert!(matches!(nowhere, BackupError::Write(..)), "{}", error_chain(&nowhere));
    let empty = TempDir::new().unwrap();
    let missing = copy(empty.path(), &backups.path().join("other"), false).unwrap_err();
    assert!(matches!(missing, BackupError::Store(FileError::Missing(_))), "{missing}");
    assert_eq!(names(backups.path()), ["backup.redb"]);
    assert!(names(empty.path()).is_empty(), "no store is made");
}

#[tokio::test]
async fn compaction_after_deletions_makes_the_file_smaller_and_keeps_the_rest() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let sessions = create(&store, 3_000).await;
    join_all(sessions[300..].iter().map(|session| store.delete(session.clone(), None))).await;
    let in_use = compact(folder.path()).unwrap_err();
    assert!(matches!(in_use, FileError::InUse(_)), "{in_use}");
    drop(store);
    let compaction = compact(folder.path()).unwrap();
    assert!(compaction.after < compaction.before / 2, "{compaction:?}");
    assert_eq!(compaction.after, fs::metadata(folder.path().join("sessions.redb")).unwrap().len());
    let store = open(folder.path());
    for session in &sessions[..300] {
        assert_eq!(store.find(session.id).await.unwrap().as_ref(), Some(session));
    }
    let empty = TempDir::new().unwrap();
    assert!(matches!(compact(empty.path()), Err(FileError::Missing(_))));
    assert!(names(empty.path()).is_empty());
}
