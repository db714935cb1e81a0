//! The binary `tickseed`.

use std::error::Error;
use std::future::Future;
use std::process::ExitCode;

use tickseed_server::settings::{Command, KeyCommand, NewKeySettings, ServeSettings, StateSettings};
use tickseed_server::{app, http, moving, print_key, print_state, settings, telemetry, terminal};
use tickseed_session::error_chain;

/// The exit status if the settings are wrong, as for a flag that cannot be parsed.
const WRONG_SETTINGS: u8 = 2;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[actix_web::main]
async fn main() -> ExitCode {
    match settings::read(std::env::args_os()).unwrap_or_else(|error| error.exit()).command {
        Command::Serve(settings) => serve(&settings).await,
        Command::CheckConfig(settings) => {
            exit_code_or(WRONG_SETTINGS, with_log(async { check_config(&settings) }).await)
        }
        Command::State(settings) => exit_code(print_state(&settings)),
        Command::Key(KeyCommand::New(settings)) => exit_code(print_key(&settings)),
        Command::Export(settings) => exit_code(with_log(Box::pin(moving::export(&settings))).await),
        Command::Import(settings) => exit_code(with_log(Box::pin(moving::import(&settings))).await),
        Command::Migrate(settings) => exit_code(with_log(Box::pin(moving::migrate(&settings))).await),
        #[cfg(feature = "embedded")]
        Command::Backup(settings) => exit_code(with_log(Box::pin(moving::backup(&settings))).await),
        #[cfg(feature = "embedded")]
        Command::Compact(settings) => exit_code(with_log(async { moving::compact(&settings) }).await),
        Command::Openapi => {
            exit_code(terminal::print_line(http::openapi_json().trim_end()).map_err(Into::into))
        }
    }
}

async fn serve(settings: &ServeSettings) -> ExitCode {
    let log = match telemetry::start(&settings.log_filter(), settings.telemetry.log_format) {
        Ok(log) => log,
        Err(error) => return exit_code(Err(error.into())),
    };
    if let Some(ignored) = settings.ignored() {
        tracing::warn!("{ignored}");
    }
    if let Some(ignored) = settings.limits.ignored(settings.is_embedded()) {
        tracing::warn!("{ignored}");
    }
    let served = tokio::select! {
        served = app::serve(settings) => served,
        () = log.report_repeats() => Ok(()),
    };
    let Err(error) = served else { return ExitCode::SUCCESS };
    // Not on standard error itself: without a reader, the process would never end.
    log.write_error(&error_line(&error));
    ExitCode::FAILURE
}

/// Runs a command whose parts log warnings.
async fn with_log(command: impl Future<Output = Result<(), Box<dyn Error>>>) -> Result<(), Box<dyn Error>> {
    let log = telemetry::start(moving::LOG, telemetry::LogFormat::Text)?;
    let done = command.await;
    drop(log);
    done
}

/// Prints the settings, which were checked when they were read, and checks the others: those of access need an address.
fn check_config(settings: &ServeSettings) -> Result<(), Box<dyn Error>> {
    if let Some(ignored) = settings.ignored() {
        terminal::print_error(&format!("warning: {ignored}"));
    }
    app::check(settings)?;
    let text = format!("{}store: {}", settings.effective, settings.store()?);
    Ok(terminal::print_line(&text)?)
}

fn print_state(settings: &StateSettings) -> Result<(), Box<dyn Error>> {
    Ok(terminal::print_line(&print_state::state_json(settings)?)?)
}

fn print_key(settings: &NewKeySettings) -> Result<(), Box<dyn Error>> {
    Ok(terminal::print_line(&print_key::key_lines(settings)?)?)
}

/// Prints the error of a command, if there is one.
fn exit_code(done: Result<(), Box<dyn Error>>) -> ExitCode {
    exit_code_or(1, done)
}

/// As [`exit_code`], with this status for an error.
fn exit_code_or(failure: u8, done: Result<(), Box<dyn Error>>) -> ExitCode {
    let Err(error) = done else { return ExitCode::SUCCESS };
    terminal::print_error(&error_line(&*error));
    failure.into()
}

fn error_line(error: &dyn Error) -> String {
    format!("error: {}", error_chain(error))
}
