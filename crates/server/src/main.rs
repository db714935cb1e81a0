//! The binary `tickseed`.

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;
use tickseed_server::settings::{Command, CommandLine, ServeSettings};
use tickseed_server::{app, http, print_state, telemetry};

#[actix_web::main]
async fn main() -> ExitCode {
    let done = match CommandLine::parse().command {
        Command::Serve(settings) => serve(&settings).await,
        Command::State(settings) => {
            print_state::state_json(&settings).map(|json| println!("{json}")).map_err(Into::into)
        }
        Command::Openapi => {
            print!("{}", http::openapi_json());
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", telemetry::error_chain(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn serve(settings: &ServeSettings) -> Result<(), Box<dyn Error>> {
    telemetry::start(&settings.log)
        .map_err(|error| format!("the log filter {:?} cannot be read: {error}", settings.log))?;
    Ok(app::serve(settings).await?)
}
