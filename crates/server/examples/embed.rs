//! Serves the REST API inside another program, on a free port and until Ctrl+C:
//! `cargo run --package tickseed-server --example embed`.

use std::error::Error;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use tickseed_server::app::{self, Options};
use tickseed_server::http::InstanceId;
use tickseed_session::{CacheSize, Clock, SessionService, SystemClock, TimeToLive};
use tickseed_store::{OpenOptions, StoreAddress, StoreTimeout};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let options = OpenOptions {
        data_dir: folder.path().to_owned(),
        wait: Duration::from_secs(30),
        timeout: StoreTimeout::default(),
        loss: None,
        max_sessions: None,
        clock_confirmed_until: None,
        clock: Arc::clone(&clock),
    };
    let store = StoreAddress::parse("embedded", None)?.open(options).await?;
    let hour = TimeToLive::from_seconds(60 * 60);
    let service = SessionService::new(store, clock, hour, CacheSize::from_megabytes(64));

    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("the API is at http://{}/v1 and described at /docs/", listener.local_addr()?);
    let shutdown = async {
        drop(tokio::signal::ctrl_c().await);
        Duration::ZERO
    };
    app::run(listener, service, InstanceId::random(), Options::default(), shutdown).await?;
    Ok(())
}
