//! What survives: ends of every kind, and many at once.

use std::process::Command;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::support::{DEADLINE, Process, command};

#[tokio::test]
async fn sessions_are_there_after_a_restart() {
    let folder = TempDir::new().unwrap();
    let mut server = Process::start(folder.path());
    let path = server.api.create(r#"{"tick_ms":100,"metadata":{"a":1}}"#).await;
    assert_eq!(server.api.post(&format!("{path}/stop"), "").await.status, 200);
    let session = server.api.get(&path).await.text;
    server.signal("TERM");
    assert!(server.ended().success());

    let server = Process::start(folder.path());
    assert_eq!(server.api.get(&path).await.text, session);
}

#[tokio::test]
async fn no_acknowledged_session_is_lost_when_the_server_is_killed() {
    const CLIENTS: usize = 50;
    const CREATES: usize = 1_000;
    const KILLED_AFTER: usize = 400;
    let folder = TempDir::new().unwrap();
    let mut server = Process::start(folder.path());
    let (sender, mut acknowledged) = mpsc::unbounded_channel();
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let (api, sender) = (server.api.clone(), sender.clone());
        clients.spawn(async move {
            for _ in 0..CREATES / CLIENTS {
                let Ok(answer) = api.try_post("/v1/sessions", r#"{"tick_ms":100}"#).await else { return };
                // A head without its body was not received whole, and so is no acknowledgement.
                if answer.status == 201 && !answer.text.is_empty() {
                    drop(sender.send(answer));
                }
            }
        });
    }
    drop(sender);
    let mut answers = Vec::new();
    while let Some(answer) = acknowledged.recv().await {
        answers.push(answer);
        if answers.len() == KILLED_AFTER {
            server.kill();
        }
    }
    assert!((KILLED_AFTER..CREATES).contains(&answers.len()), "killed in the middle: {}", answers.len());

    let server = Process::start(folder.path());
    for answer in answers {
        let found = server.api.get(answer.header("location")).await;
        assert_eq!((found.status, found.json()["id"].clone()), (200, answer.json()["id"].clone()));
    }
}

/// A file that cannot grow stands for a full disk.
#[tokio::test]
async fn after_a_full_disk_writing_goes_on_by_itself_and_nothing_acknowledged_is_lost() {
    let folder = TempDir::new().unwrap();
    let full = "trap '' XFSZ; ulimit -S -f 1024; exec \"$0\" serve --port 0 --data-dir \"$1\"";
    let mut command = Command::new("bash");
    let server =
        Process::spawn(command.args(["-c", full, env!("CARGO_BIN_EXE_tickseed")]).arg(folder.path()));
    let body = format!(r#"{{"tick_ms":100,"metadata":{{"a":"{}"}}}}"#, "a".repeat(10_000));
    let mut kept = Vec::new();
    let refused = loop {
        let answer = server.api.post("/v1/sessions", &body).await;
        if answer.status != 201 {
            break answer;
        }
        kept.push(answer.header("location").to_owned());
    };
    refused.problem(503, "store_unavailable");
    assert_eq!(server.api.get("/readyz").await.status, 200, "what is there can still be read");

    let grown =
        Command::new("prlimit").args(["--fsize=unlimited", "--pid", &server.id().to_string()]).status();
    assert!(grown.expect("prlimit is there: apt-get install util-linux").success());
    kept.push(server.api.create(&body).await);
    for path in kept {
        assert_eq!(server.api.get(&path).await.status, 200);
    }
}

#[tokio::test]
async fn of_many_stops_at_once_exactly_one_succeeds() {
    let folder = TempDir::new().unwrap();
    let server = Process::start(folder.path());
    for _ in 0..5 {
        let path = server.api.create(r#"{"tick_ms":100}"#).await;
        let mut stops = JoinSet::new();
        for _ in 0..64 {
            let (api, stop) = (server.api.clone(), format!("{path}/stop"));
            stops.spawn(async move { api.post(&stop, "").await });
        }
        let answers = stops.join_all().await;
        let (stopped, refused): (Vec<_>, Vec<_>) =
            answers.into_iter().partition(|answer| answer.status == 200);
        assert_eq!((stopped.len(), refused.len()), (1, 63));
        for answer in refused {
            let problem = answer.problem(409, "session_stopped");
            assert_eq!(problem["stopped_at"], stopped[0].json()["stopped_at"]);
        }
        assert_eq!(server.api.get(&path).await.json()["revision"], 2);
    }
}

#[tokio::test]
async fn requests_under_way_finish_when_the_server_is_told_to_end() {
    for signal in ["TERM", "INT"] {
        let folder = TempDir::new().unwrap();
        let mut server = Process::start(folder.path());
        let address = server.api.base.trim_start_matches("http://").to_owned();
        let mut request = TcpStream::connect(&address).await.unwrap();
        let head = "POST /v1/sessions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                    content-length: 15\r\nexpect: 100-continue\r\n\r\n";
        request.write_all(head.as_bytes()).await.unwrap();
        // The server has asked for the body, so the request is under way.
        let mut answer = vec![0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
        request.read_exact(&mut answer).await.unwrap();
        server.signal(signal);
        refuses_connections(&address).await;
        request.write_all(br#"{"tick_ms":100}"#).await.unwrap();
        answer.clear();
        request.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 201 Created"), "{answer}");
        assert!(server.ended().success());

        let id = &answer[answer.find("sess_").unwrap()..][..41];
        assert_eq!(Process::start(folder.path()).api.get(&format!("/v1/sessions/{id}")).await.status, 200);
    }
}

/// Waits until the server takes no new connections.
async fn refuses_connections(address: &str) {
    let refused = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, refused).await.expect("the server stops listening");
}

#[test]
fn a_second_server_on_the_same_folder_says_why_it_does_not_start() {
    let folder = TempDir::new().unwrap();
    let _first = Process::start(folder.path());
    let second = command(folder.path()).output().unwrap();
    assert!(!second.status.success());
    let text = String::from_utf8(second.stderr).unwrap();
    let expected = "sessions.redb is in use by another process; stop it, or choose another data folder";
    assert!(text.contains(expected), "{text}");
}
