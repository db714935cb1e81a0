//! Moving sessions from one store to another, as lines of JSON.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use tempfile::TempDir;
use tickseed_session::acceptance::{TestClock, now, rescheduled, session, session_with_notice};
use tickseed_session::{
    Clock, ControlHash, KeyName, Metadata, Session, SessionId, SessionStore, Timestamp, UnknownFields,
};
use tickseed_store::EmbeddedStore;
use tickseed_store::test_servers::{PostgresServer, RedisCluster, RedisServer};
use tickseed_store::transfer::{
    CheckError, Exported, ImportError, ImportOptions, Imported, Observer, Origin, SessionDigest, check,
    export, import,
};

use crate::redis::connect;

const PATIENCE: Duration = Duration::from_secs(10);

/// The sessions that were reported as left out, with the reasons.
#[derive(Default)]
struct Reported(Vec<(SessionId, String)>);

impl Observer for Reported {
    fn progressed(&mut self, _: u64) {}

    fn left_out(&mut self, id: SessionId, reason: &str) {
        self.0.push((id, reason.to_owned()));
    }
}

fn embedded(folder: &TempDir) -> EmbeddedStore {
    EmbeddedStore::open(folder.path(), Arc::new(TestClock::new())).unwrap()
}

/// Sessions that use everything a record can hold.
fn all_kinds() -> Vec<Session> {
    let value = RawValue::from_string(r#"{"z":[1.50,1e3],"a":null}"#.to_owned()).unwrap();
    let metadata = serde_json::from_str(r#"{"z":1,"a":[0.1,"é\u0000"]}"#).unwrap();
    let unknown = UnknownFields::from_record(&[(Cow::Borrowed("later"), &*value)]).unwrap();
    let with_rights = Session {
        control: Some(ControlHash::new([0xa5; 32])),
        key: KeyName::new("studio").ok(),
        metadata: Some(Metadata::new(&metadata).unwrap()),
        expires_at: Some(Timestamp::MAX),
        ..session(0)
    };
    let changed = rescheduled(&rescheduled(&session_with_notice(), 2), 3);
    let stopped = session(3_600).stopped(now());
    let unknown = Session { unknown_fields: unknown, ..changed.clone() };
    let unknown = Session { id: session(0).id, ..unknown };
    vec![session(0), session(60), with_rights, session_with_notice(), changed, stopped, unknown]
}

async fn fill(store: &dyn SessionStore, sessions: &[Session]) {
    for session in sessions {
        let _ = store.create(session.clone()).await.unwrap();
    }
}

async fn exported(store: &dyn SessionStore) -> (Vec<u8>, Exported, Reported) {
    let origin = Origin { store: "test".to_owned(), tickseed: "1.2.3".to_owned() };
    let (mut output, mut reported) = (Vec::new(), Reported::default());
    let clock = TestClock::new();
    let exported = export(store, &clock, &origin, PATIENCE, &mut output, &mut reported).await.unwrap();
    (output, exported, reported)
}

async fn imported(store: &dyn SessionStore, input: &[u8]) -> (Imported, Result<(), ImportError>, Reported) {
    imported_at(store, input, &TestClock::new(), false).await
}

async fn imported_at(
    store: &dyn SessionStore,
    input: &[u8],
    clock: &dyn Clock,
    is_dry: bool,
) -> (Imported, Result<(), ImportError>, Reported) {
    let (mut imported, mut reported) = (Imported::default(), Reported::default());
    let options = ImportOptions { is_dry, patience: PATIENCE, at_once: 16 };
    let done = import(Some(store), clock, input, options, &mut imported, &mut reported).await;
    (imported, done, reported)
}

#[tokio::test]
async fn every_record_goes_over_exactly_from_each_store_to_the_next_and_back() {
    let (first, last) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (redis, cluster) = (RedisServer::start(&[]), RedisCluster::start(0, &[]));
    let postgres = PostgresServer::start(&[]);
    let stores: [Arc<dyn SessionStore>; 5] = [
        Arc::new(embedded(&first)),
        Arc::new(connect(&redis.address(), TestClock::new()).await),
        Arc::new(connect(&cluster.address(), TestClock::new()).await),
        Arc::new(crate::postgres::connect(&postgres.address(), TestClock::new()).await),
        Arc::new(embedded(&last)),
    ];
    let sessions = all_kinds();
    let number = sessions.len() as u64;
    fill(&*stores[0], &sessions).await;
    let mut before = exported(&*stores[0]).await;
    for store in &stores[1..] {
        let (imported, done, reported) = imported(&**store, &before.0).await;
        done.unwrap();
        assert!(imported.is_complete() && reported.0.is_empty(), "{imported:?}");
        assert_eq!((imported.created, imported.compared), (number, number));
        let after = exported(&**store).await;
        assert_eq!((after.1, imported.digest_of_copies), (before.1, before.1.digest));
        assert_eq!(after.0, before.0, "the files are the same");
        for session in &sessions {
            assert_eq!(store.find(session.id).await.unwrap().as_ref(), Some(session));
        }
        before = after;
    }
}

#[tokio::test]
async fn an_interrupted_import_goes_on_where_it_ended() {
    let (from, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (from, to) = (embedded(&from), embedded(&to));
    let sessions = all_kinds();
    fill(&from, &sessions).await;
    let (file, Exported { digest, .. }, _) = exported(&from).await;
    let ends: Vec<_> =
        file.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    let (imported_first, done, _) = imported(&to, &file[..ends[3] + 10]).await;
    let error = done.unwrap_err().to_string();
    assert_eq!(error, "line 5: the file ends within this line, after 10 bytes: it was cut off");
    assert_eq!(imported_first.created, 3, "what precedes the end is there");

    let (imported_again, done, _) = imported(&to, &file).await;
    done.unwrap();
    let number = sessions.len() as u64;
    assert_eq!((imported_again.created, imported_again.already_there), (number - 3, 3));
    assert_eq!((imported_again.compared, imported_again.digest_of_copies), (number, digest));
}

#[tokio::test]
async fn no_file_that_was_cut_off_or_changed_is_taken_for_a_whole_one() {
    let folder = TempDir::new().unwrap();
    let store = embedded(&folder);
    fill(&store, &all_kinds()).await;
    let (file, ..) = exported(&store).await;
    assert_eq!(check(&file[..]).unwrap(), all_kinds().len() as u64);
    for length in 0..file.len() {
        assert!(check(&file[..length]).is_err(), "{length} of {} bytes", file.len());
    }
    let text = String::from_utf8(file).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let joined = |lines: &[&str]| format!("{}\n", lines.join("\n"));
    let mut without_one = lines.clone();
    without_one.remove(3);
    let mut twice = lines.clone();
    twice.insert(3, lines[3]);
    for (changed, problem) in [
        (
            joined(&without_one),
            "line 8: sessions: the file should hold 7 sessions, but holds 6: lines are missing",
        ),
        (
            joined(&twice),
            "line 10: sessions: the file should hold 7 sessions, but holds 8: lines are missing",
        ),
        (text.replacen("100", "101", 1), "line 9: digest: the lines have another digest than the file says"),
        (format!("{text}{text}"), "line 10: nothing may follow the line that says how many"),
        (joined(&lines[..8]), "line 9: the file ends here, without the line that says how many sessions"),
        (
            text.replacen("\"id\"", "\"di\"", 2),
            "line 2: id: must be sess_ followed by a UUID in lower case with hyphens, but is missing\nline 3: id: ",
        ),
    ] {
        let error = check(changed.as_bytes()).unwrap_err();
        assert!(matches!(error, CheckError::Lines(_)) && error.to_string().starts_with(problem), "{error}");
    }
}

#[tokio::test]
async fn another_record_with_the_same_id_is_never_overwritten() {
    let (from, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (from, to) = (embedded(&from), embedded(&to));
    let sessions = [session(0), session(0)];
    fill(&from, &sessions).await;
    let stopped = sessions[0].stopped(now());
    fill(&to, std::slice::from_ref(&stopped)).await;
    let (imported, done, reported) = imported(&to, &exported(&from).await.0).await;
    done.unwrap();
    assert_eq!((imported.created, imported.conflicts, imported.compared), (1, 1, 1));
    assert!(!imported.is_complete() && imported.digest != imported.digest_of_copies);
    let [(id, reason)] = &reported.0[..] else { panic!("{:?}", reported.0) };
    assert_eq!(*id, stopped.id);
    assert_eq!(
        reason,
        "another record has its id: revision 2 in the store, 1 in the file; it was not overwritten"
    );
    assert_eq!(to.find(stopped.id).await.unwrap(), Some(stopped));
}

#[tokio::test]
async fn expired_sessions_are_left_out_and_counted() {
    let (from, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (from, to) = (embedded(&from), embedded(&to));
    let past = Session { expires_at: Some(now()), ..session(0) };
    fill(&from, &[session(60), session(0), past]).await;
    let (file, exported, _) = exported(&from).await;
    assert_eq!((exported.sessions, exported.expired), (2, 1));
    let clock = TestClock::new();
    clock.advance(Duration::from_mins(1));
    let (imported, done, _) = imported_at(&to, &file, &clock, false).await;
    done.unwrap();
    assert_eq!((imported.created, imported.expired, imported.compared), (1, 1, 1));
    assert!(imported.is_complete());
}

#[tokio::test]
async fn a_dry_run_says_what_would_happen_and_writes_nothing() {
    let (from, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (from, to) = (embedded(&from), embedded(&to));
    let sessions = [session(0), session(0), session(0)];
    fill(&from, &sessions).await;
    fill(&to, &[sessions[0].clone(), sessions[1].stopped(now())]).await;
    let (file, ..) = exported(&from).await;
    let (imported, done, reported) = imported_at(&to, &file, &TestClock::new(), true).await;
    done.unwrap();
    assert_eq!(
        (imported.created, imported.already_there, imported.conflicts, reported.0.len()),
        (1, 1, 1, 1)
    );
    assert_eq!(to.find(sessions[2].id).await.unwrap(), None);
    let (mut without, mut reported) = (Imported::default(), Reported::default());
    let clock = TestClock::new();
    let options = ImportOptions { is_dry: true, patience: PATIENCE, at_once: 16 };
    import(None, &clock, &file[..], options, &mut without, &mut reported).await.unwrap();
    assert_eq!((without.created, without.digest_of_copies), (3, SessionDigest::default()));
}

/// A later version may write records that this version does not understand. They are named on both sides.
#[tokio::test]
async fn records_of_a_later_version_are_named() {
    let (redis, folder) = (RedisServer::start(&[]), TempDir::new().unwrap());
    let store = connect(&redis.address(), TestClock::new()).await;
    let good = session(0);
    fill(&store, std::slice::from_ref(&good)).await;
    // Its 16 bytes are printable, so that they can be sent as a text.
    let id = SessionId::from_bytes(*b"0123456789abcdef");
    redis.ask::<()>(&[
        "SET",
        &format!("session:{{{id}}}"),
        "\u{4}\0\0\0\0\0\0\0\u{7}{\"seed\":\"opensesame\"}",
    ]);
    redis.ask::<()>(&["ZADD", "session:{index}", "0", "0123456789abcdef"]);
    let (file, exported, reported) = exported(&store).await;
    assert_eq!((exported.sessions, exported.left_out), (1, 1));
    let reason = "a later version wrote its record: its form is 4, and this version knows forms 1 to 3";
    assert_eq!(reported.0, [(id, reason.to_owned())]);

    let to = embedded(&folder);
    let (imported_once, done, _) = imported(&to, &file).await;
    done.unwrap();
    assert_eq!((imported_once.created, imported_once.left_out), (1, 1));
    assert!(!imported_once.is_complete(), "the export is not everything");

    // The file of a later version, with its digest.
    let text = String::from_utf8(file).unwrap();
    let later = text.lines().nth(1).unwrap().replace("\"form\":1", "\"form\":4,\"more\":true");
    let (imported_later, done, reported) =
        imported(&to, format!("{}\n{later}\n", text.lines().next().unwrap()).as_bytes()).await;
    assert!(done.unwrap_err().to_string().starts_with("line 3: the file ends here"));
    assert_eq!((imported_later.newer, imported_later.created), (1, 0));
    assert_eq!(reported.0[0].0, good.id);
    assert!(
        reported.0[0].1.starts_with("line 2: a later version wrote it: its form is 4"),
        "{}",
        reported.0[0].1
    );
}
