//! The settings that a server runs with, as text that is safe to print.

use std::ffi::OsStr;
use std::fmt;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

use super::Secret;

/// What stands for a secret.
const MASK: &str = "…";

/// Every setting with its value and where that comes from. Secrets are masked.
#[derive(Debug, Clone, Default)]
pub struct EffectiveSettings(Vec<Setting>);

#[derive(Debug, Clone)]
struct Setting {
    flag: String,
    variable: String,
    /// `None` if it is not set and has no default.
    value: Option<String>,
    source: &'static str,
}

impl EffectiveSettings {
    /// Takes the settings of a command.
    pub(super) fn of(command: &Command, matches: &ArgMatches) -> Self {
        let arguments = command.get_arguments().filter(|argument| argument.get_env().is_some());
        Self(arguments.map(|argument| Setting::of(argument, matches)).collect())
    }

    /// Returns one line with the settings that have a value.
    #[must_use]
    pub fn line(&self) -> String {
        let shown = |setting: &Setting| Some(format!("{}={}", setting.flag, setting.value.as_ref()?));
        self.0.iter().filter_map(shown).collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Display for EffectiveSettings {
    /// Writes a line for each setting.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Setting { flag, variable, value, source } in &self.0 {
            let value = value.as_deref().unwrap_or("not set");
            writeln!(f, "{flag} ({variable}): {value} ({source})")?;
        }
        Ok(())
    }
}

impl Setting {
    fn of(argument: &Arg, matches: &ArgMatches) -> Self {
        let id = argument.get_id().as_str();
        let raw = || matches.try_get_raw(id).ok().flatten();
        // Asking for another type than the setting has is an error.
        let is_secret = matches!(matches.try_get_one::<Secret>(id), Ok(Some(_)));
        let value = raw().map(|values| {
            let texts = values.map(|value| if is_secret { MASK.into() } else { value.to_string_lossy() });
            texts.collect::<Vec<_>>().join(",")
        });
        let source = match matches.value_source(id) {
            Some(ValueSource::CommandLine) => "flag",
            Some(ValueSource::EnvVariable) => "environment",
            _ => "default",
        };
        let flag = format!("--{}", argument.get_long().unwrap_or(id));
        let variable = argument.get_env().map(OsStr::to_string_lossy).unwrap_or_default().into_owned();
        Self { flag, variable, value, source }
    }
}
