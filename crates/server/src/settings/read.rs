//! Reads the flags and the environment variables, in one way for all settings.

use std::error::Error as _;
use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, CommandFactory, Error, FromArgMatches};

use super::{Command, CommandLine, EffectiveSettings};

/// The longest unknown flag that an error shows, in bytes.
const MAX_FLAG_BYTES: usize = 32;

/// Reads the command line, and the environment for every setting without a flag.
///
/// An environment variable that is empty counts as left out: compose files and shell scripts pass unset variables that way.
///
/// # Errors
///
/// The output of `--help` and `--version`, or an error that names the flag or the variable and says what is allowed. It never
/// repeats a value, which may be a password that was given to the wrong setting.
pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<CommandLine, Error> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    match parse(&arguments, is_set) {
        Ok(matches) => Ok(with_effective(CommandLine::from_arg_matches(&matches)?, &matches)),
        Err(error) if error.use_stderr() => Err(explain(&arguments, error)),
        // The help lists all variables.
        Err(_) => parse(&arguments, |_| true).and_then(|matches| CommandLine::from_arg_matches(&matches)),
    }
}

/// Adds the settings as text to the commands that have settings.
fn with_effective(mut line: CommandLine, matches: &ArgMatches) -> CommandLine {
    let (Command::Serve(settings) | Command::CheckConfig(settings)) = &mut line.command else { return line };
    if let Some((name, matches)) = matches.subcommand()
        && let Some(command) = CommandLine::command().find_subcommand(name)
    {
        settings.effective = EffectiveSettings::of(command, matches);
    }
    line
}

/// Parses the arguments with these environment variables and no others.
fn parse(arguments: &[OsString], is_included: impl Fn(&OsStr) -> bool) -> Result<ArgMatches, Error> {
    // A negative number is a value that is out of range, and not an unknown flag.
    let numbers = |argument: clap::Arg| {
        let takes_values = argument.get_action().takes_values();
        argument.allow_negative_numbers(takes_values)
    };
    let include = |argument: clap::Arg| match argument.get_env() {
        Some(variable) if !is_included(variable) => argument.env(None),
        // The help would show the value.
        Some(_) => argument.hide_env_values(true),
        None => argument,
    };
    let command =
        CommandLine::command().mut_subcommands(|subcommand| subcommand.mut_args(include).mut_args(numbers));
    command.try_get_matches_from(arguments)
}

fn is_set(variable: &OsStr) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

/// Rewrites an error so that it names what it is about and repeats no value.
fn explain(arguments: &[OsString], error: Error) -> Error {
    if let Err(error) = parse(arguments, |_| false) {
        let flag = argument(&error).split_whitespace().next().unwrap_or("an argument").to_owned();
        return without_values(&flag, error);
    }
    // The flags alone are valid, so a variable is to blame: one that is invalid without all others.
    for variable in variables().filter(|variable| is_set(variable)) {
        if let Err(error) = parse(arguments, |other| other == variable) {
            return without_values(&variable.to_string_lossy(), error);
        }
    }
    without_values("the environment", error)
}

/// Returns the environment variables of all settings.
fn variables() -> impl Iterator<Item = OsString> {
    let command = CommandLine::command();
    let of_command = |command: &clap::Command| -> Vec<OsString> {
        command.get_arguments().filter_map(|argument| argument.get_env().map(OsStr::to_owned)).collect()
    };
    command.get_subcommands().flat_map(of_command).collect::<Vec<_>>().into_iter()
}

/// Returns the argument that an error is about: a known flag and the name of its value, or any text that is neither.
fn argument(error: &Error) -> &str {
    match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(argument)) => argument,
        _ => "",
    }
}

/// Removes every value from an error about the flag or the variable `name`.
fn without_values(name: &str, error: Error) -> Error {
    match error.kind() {
        ErrorKind::ValueValidation => {
            let reason = error.source().map_or_else(|| "is invalid".to_owned(), ToString::to_string);
            plain(error.kind(), &format!("{name}: {reason}"))
        }
        ErrorKind::InvalidUtf8 => plain(error.kind(), &format!("{name}: must be UTF-8")),
        ErrorKind::InvalidValue if is_empty_value(&error) => {
            plain(error.kind(), &format!("{name}: must not be empty"))
        }
        ErrorKind::InvalidValue | ErrorKind::TooManyValues => {
            plain(error.kind(), &format!("{name}: the value is not allowed"))
        }
        ErrorKind::UnknownArgument if !is_misspelt_flag(&error) => plain(
            error.kind(),
            "there is an argument that is no flag and belongs to none; it is not shown, because it may be a password",
        ),
        ErrorKind::InvalidSubcommand if error.get(ContextKind::SuggestedSubcommand).is_none() => plain(
            error.kind(),
            "the first argument must be a command: serve, check-config, state, openapi, key, export, import, migrate, backup, \
             compact or help",
        ),
        // These name only flags and commands.
        _ => error,
    }
}

fn plain(kind: ErrorKind, message: &str) -> Error {
    Error::raw(kind, format!("{message}\n\nFor more information, try '--help'.\n"))
}

fn is_empty_value(error: &Error) -> bool {
    matches!(error.get(ContextKind::InvalidValue), Some(ContextValue::String(value)) if value.is_empty())
}

/// Returns whether an unknown argument is plainly a misspelt flag. Anything else may be a password.
fn is_misspelt_flag(error: &Error) -> bool {
    let argument = argument(error);
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    let has_form = argument.len() <= MAX_FLAG_BYTES && argument.bytes().all(allowed);
    has_form && error.get(ContextKind::SuggestedArg).is_some()
}
