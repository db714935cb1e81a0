//! The binary `tickseed`.

use std::error::Error;
use std::process::ExitCode;

use tickseed_server::settings::{Command, ServeSettings, StateSettings};
use tickseed_server::{app, http, print_state, settings, telemetry, terminal};
use tickseed_session::error_chain;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[actix_web::main]
async fn main() -> ExitCode {
    let done = match settings::read(std::env::args_os()).unwrap_or_else(|error| error.exit()).command {
        Command::Serve(settings) => serve(&settings).await,
        Command::State(settings) => print_state(&settings),
        Command::Openapi => terminal::print_line(http::openapi_json().trim_end()).map_err(Into::into),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", error_chain(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn serve(settings: &ServeSettings) -> Result<(), Box<dyn Error>> {
    telemetry::start(&settings.log_filter())?;
    if let Some(ignored) = settings.ignored() {
        tracing::warn!("{ignored}");
    }
    Ok(app::serve(settings).await?)
}

fn print_state(settings: &StateSettings) -> Result<(), Box<dyn Error>> {
    Ok(terminal::print_line(&print_state::state_json(settings)?)?)
}
