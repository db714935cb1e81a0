//! Creates a session in a file, reopens the file and finds the session again:
//! `cargo run --package tickseed-store --example embedded`.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use tickseed_engine::{Rules, Schedule};
use tickseed_session::{
    CacheSize, Clock, NewSession, Notice, Session, SessionService, SystemClock, TimeToLive, plain_schedule,
};
use tickseed_store::EmbeddedStore;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let created_at = SystemClock.now();
    let new = NewSession {
        created_at,
        seed: None,
        schedule: plain_schedule(Schedule::new(Session::default_start(created_at).millis(), 100)?),
        notice: Notice::NONE,
        rules: Rules::default(),
        metadata: None,
        time_to_live: None,
    };

    let id = {
        let service = open(folder.path())?;
        let created = service.create(new).await?.session;
        println!("created {}", created.session().id);
        created.session().id
    };

    // Dropping the service has closed the file, so that it can be opened again.
    let service = open(folder.path())?;
    let found = service.find(id).await?.session;
    println!("found {} with the seed {}", found.session().id, found.session().seed.as_str());
    Ok(())
}

fn open(folder: &Path) -> Result<SessionService, Box<dyn Error>> {
    let clock = Arc::new(SystemClock);
    let store = EmbeddedStore::open(folder, Arc::clone(&clock) as _)?;
    let hour = TimeToLive::from_seconds(60 * 60);
    Ok(SessionService::new(Arc::new(store), clock, hour, CacheSize::from_megabytes(64)))
}
