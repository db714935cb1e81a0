//! nginx with TLS and HTTP/2 in front of a server, with the configuration of `deploy/`. curl is the client, because it speaks both.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use tempfile::TempDir;
use tickseed_store::test_servers::Certificate;

use super::{Logged, repository};
use crate::support::{DEADLINE, LOOK_EVERY};

/// A running nginx. Dropping it ends it.
struct TlsProxy {
    address: String,
    certificate: Certificate,
    child: Child,
    _folder: TempDir,
}

impl TlsProxy {
    fn start(server: &str) -> Self {
        let (folder, certificate) = (TempDir::new().unwrap(), Certificate::new());
        // Its workers run as another user when root starts it, and must be able to enter the folder.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address = free.expect("some port is free").to_string();
        let template = fs::read_to_string(repository("deploy/nginx-tls.conf.template")).unwrap();
        let (pem, key) = (certificate.file(), certificate.key_file());
        let configuration = [
            ("${NGINX_LISTEN}", address.as_str()),
            ("${NGINX_FOLDER}", folder.path().to_str().unwrap()),
            ("${TLS_CERTIFICATE}", pem.to_str().unwrap()),
            ("${TLS_KEY}", key.to_str().unwrap()),
            ("${TICKSEED_SERVER}", server),
        ];
        let configuration =
            configuration.iter().fold(template, |text, (name, value)| text.replace(name, value));
        let file = folder.path().join("nginx.conf");
        fs::write(&file, configuration).unwrap();
        let mut command = Command::new("nginx");
        command.arg("-c").arg(&file).args(["-g", "daemon off;"]).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("nginx starts; scripts/install-tools --servers installs it");
        Self { address, certificate, child, _folder: folder }
    }

    /// Asks with curl and prints the version of HTTP, the status and the body.
    fn curl(&self, arguments: &[&str], path: &str) -> String {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--max-time", "5", "--cacert"]).arg(self.certificate.file());
        curl.args(["--write-out", "%{http_version} %{http_code} %{content_type}\n", "--output", "-"]);
        let output = curl.args(arguments).arg(format!("https://{}{path}", self.address)).output();
        String::from_utf8(output.expect("curl is installed").stdout).unwrap()
    }

    fn wait_until_it_answers(&self) {
        let since = Instant::now();
        while !self.curl(&[], "/readyz").contains(" 200 ") {
            assert!(since.elapsed() < DEADLINE, "nginx does not answer");
            std::thread::sleep(LOOK_EVERY);
        }
    }
}

impl Drop for TlsProxy {
    fn drop(&mut self) {
        // SIGTERM, because nginx would leave its workers behind after SIGKILL.
        drop(Command::new("kill").arg(self.child.id().to_string()).status());
        drop(self.child.wait());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_reach_the_server_with_tls_and_http_2() {
    let server = Logged::start(|command| command);
    let proxy = TlsProxy::start(server.server.api.base.trim_start_matches("http://"));
    proxy.wait_until_it_answers();
    assert!(proxy.curl(&["--http2"], "/v1/time").ends_with("2 200 application/json\n"));
    assert!(proxy.curl(&["--http1.1"], "/v1/time").ends_with("1.1 200 application/json\n"));
    let path = server.server.api.create(r#"{"tick_ms":100}"#).await;
    // The stream does not end, so curl gives up, but it has its beginning.
    let events = proxy.curl(&["--http2", "--max-time", "1"], &format!("{path}/events"));
    assert!(events.contains("event: session") && events.ends_with("2 200 text/event-stream\n"), "{events}");
}
