//! The file of the embedded store: who may read it, and what is not taken for a store.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use tickseed_session::acceptance::{TestClock, rescheduled, session_with_notice};
use tickseed_session::{Created, Deadline, Replaced, SessionStore, Timestamp, error_chain};
use tickseed_store::{EmbeddedStore, FileError};

const SETTING: &str = "--data-dir (or TICKSEED_DATA_DIR)";

fn open(folder: &Path) -> Result<EmbeddedStore, FileError> {
    EmbeddedStore::open(folder, Arc::new(TestClock::new()))
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Returns the error of a folder that cannot be used, and its text with all causes.
fn refusal(folder: &Path) -> (FileError, String) {
    let error = open(folder).err().expect("the store is not opened");
    let text = error_chain(&error);
    assert!(text.contains(folder.to_str().unwrap()), "{text}");
    (error, text)
}

#[test]
fn only_the_user_of_the_server_may_read_what_it_makes() {
    let parent = TempDir::new().unwrap();
    let folder = parent.path().join("new/data");
    drop(open(&folder).unwrap());
    assert_eq!((mode(&folder), mode(&folder.join("sessions.redb"))), (0o700, 0o600));
    let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["sessions.redb"], "nothing else is left");
}

#[test]
fn rights_that_exist_stay_as_they_are() {
    let folder = TempDir::new().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    drop(open(folder.path()).unwrap());
    let file = folder.path().join("sessions.redb");
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    drop(open(folder.path()).unwrap());
    assert_eq!((mode(folder.path()), mode(&file)), (0o755, 0o644));
}

#[test]
fn an_empty_file_is_not_a_store() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("sessions.redb");
    File::create(&file).unwrap();
    let (error, text) = refusal(folder.path());
    assert!(matches!(error, FileError::Empty(path) if path == file));
    assert!(text.ends_with(
        "is empty, so it is not a store; restore the backup, or remove the file to begin with a new store"
    ));
    assert_eq!(fs::metadata(&file).unwrap().len(), 0, "it stays as it is");
}

#[test]
fn a_file_of_another_kind_is_not_a_store() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("sessions.redb");
    let content = "not a store ".repeat(1_000);
    fs::write(&file, &content).unwrap();
    let (error, text) = refusal(folder.path());
    assert!(matches!(error, FileError::File(..)) && text.contains(SETTING), "{text}");
    assert_eq!(fs::read_to_string(&file).unwrap(), content, "it stays as it is");
}

#[test]
fn a_folder_that_cannot_be_used_gives_an_error_that_names_the_setting() {
    let parent = TempDir::new().unwrap();
    let file = parent.path().join("file");
    fs::write(&file, "content").unwrap();
    let (error, text) = refusal(&file);
    assert!(matches!(error, FileError::NotAFolder(_)) && text.contains(SETTING), "{text}");
    let (error, text) = refusal(&file.join("within"));
    assert!(matches!(error, FileError::Folder(..)) && text.contains(SETTING), "{text}");
    // Not even root may make a file there.
    let (error, text) = refusal(Path::new("/sys"));
    assert!(matches!(error, FileError::Make(..)) && text.contains(SETTING), "{text}");
}

#[tokio::test]
async fn a_copy_of_the_file_in_use_is_as_good_as_the_file_after_a_crash() {
    let (folder, copy) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (store, first) = (open(folder.path()).unwrap(), session_with_notice());
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    let changed = rescheduled(&first, 3);
    let deadline = Some(Deadline::OfStore(Timestamp::MAX));
    assert_eq!(store.compare_and_set(changed.clone(), deadline).await.unwrap(), Replaced::Yes);
    fs::copy(folder.path().join("sessions.redb"), copy.path().join("sessions.redb")).unwrap();
    assert_eq!(open(copy.path()).unwrap().find(first.id).await.unwrap(), Some(changed));
}
