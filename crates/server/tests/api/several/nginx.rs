//! nginx in front of two servers, with the configuration of `deploy/`.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use tempfile::TempDir;
use tokio::time::sleep;

use crate::support::{Api, DEADLINE, LOOK_EVERY};

const TEMPLATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/nginx.conf.template");

/// A running nginx. Dropping it ends it.
pub(crate) struct Nginx {
    pub(crate) api: Api,
    child: Child,
    /// Everything that it writes.
    _folder: TempDir,
}

impl Nginx {
    /// Starts nginx on a free port, and waits until it passes requests on.
    pub(crate) async fn start(servers: [&Api; 2]) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be created");
        // Its workers run as another user when root starts it, and must be able to enter the folder.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).expect("the folder is ours");
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address = free.expect("some port is free").to_string();
        let template = fs::read_to_string(TEMPLATE).expect("the template can be read");
        let [one, other] = servers.map(|server| server.base.trim_start_matches("http://"));
        let path = folder.path().to_str().expect("the path is UTF-8");
        let configuration = [
            ("${NGINX_LISTEN}", address.as_str()),
            ("${NGINX_FOLDER}", path),
            ("${TICKSEED_SERVER_1}", one),
            ("${TICKSEED_SERVER_2}", other),
            ("${NGINX_SERVER_PARAMETER}", ""),
            ("${NGINX_LOCAL_RESOLVERS}", "127.0.0.1"),
        ];
        let configuration =
            configuration.iter().fold(template, |text, (name, value)| text.replace(name, value));
        let file = folder.path().join("nginx.conf");
        fs::write(&file, configuration).expect("the configuration can be written");
        let mut command = Command::new("nginx");
        command.arg("-c").arg(&file).args(["-g", "daemon off;"]).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn();
        let child = child.expect("nginx starts; scripts/install-tools --servers installs it");
        let nginx = Self { api: Api::new(format!("http://{address}")), child, _folder: folder };
        nginx.wait_until_it_answers().await;
        nginx
    }

    async fn wait_until_it_answers(&self) {
        let since = Instant::now();
        let ask = async || self.api.request(reqwest::Method::GET, "/readyz").send().await;
        while !ask().await.is_ok_and(|response| response.status() == 200) {
            assert!(since.elapsed() < DEADLINE, "nginx does not answer");
            sleep(LOOK_EVERY).await;
        }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // SIGTERM, because nginx would leave its workers behind after SIGKILL.
        drop(Command::new("kill").arg(self.child.id().to_string()).status());
        drop(self.child.wait());
    }
}
