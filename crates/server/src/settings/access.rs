//! Who may use the server, and the command that makes an API key.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::{Args, Subcommand};

use super::values::{access_mode, file, key_name, rights};
use crate::access::{Access, AccessMode, KeyFileError, Rights};
use tickseed_session::KeyName;

/// The settings that say who may use the server.
#[derive(Debug, Clone, Args)]
pub struct AccessSettings {
    /// Who may use the server. `open`: anybody may create and change any session. `token`: anybody may create a session, and gets
    /// its control token, without which nobody changes it. `keys`: the same, but creating a session takes an API key. Reading is
    /// open to anybody who knows a session's id. The default is `open`, but only on an address that no other machine reaches, and
    /// without --trusted-proxies; elsewhere, the server does not start without this setting.
    #[arg(long, env = "TICKSEED_ACCESS", value_parser = access_mode, value_name = "open|token|keys")]
    pub access: Option<AccessMode>,

    /// The file of API keys, one key on each line: its name, its rights (create, control, list), and the SHA-256 of the key.
    /// `tickseed key new` makes such lines. It is read again on SIGHUP.
    #[arg(
        long,
        env = "TICKSEED_API_KEYS_FILE",
        value_parser = PathBufValueParser::new().try_map(file),
        value_name = "FILE"
    )]
    pub api_keys_file: Option<PathBuf>,
}

/// The lines that an operator can add to the environment.
const CHOICES: &str = "TICKSEED_ACCESS=token\n  anybody creates sessions, and a session can be changed only with its control token\n\
                       TICKSEED_ACCESS=keys\n  as token, but only programs with an API key create sessions\n\
                       TICKSEED_ACCESS=open\n  anybody creates sessions and changes all of them";

/// From where a server can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// From its own machine only.
    ThisMachine,
    /// From other machines as well, through a proxy on its machine.
    BehindProxy,
    /// From other machines as well.
    OtherMachines,
}

impl Reach {
    /// Returns from where a server on this address can be reached.
    #[must_use]
    pub fn of(address: IpAddr, has_trusted_proxies: bool) -> Self {
        match address.to_canonical().is_loopback() {
            false => Self::OtherMachines,
            true if has_trusted_proxies => Self::BehindProxy,
            true => Self::ThisMachine,
        }
    }
}

/// Why the settings of access do not fit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccessSettingsError {
    /// Other machines may reach the server, and nothing says what they may do.
    #[error(
        "other machines may reach the address from --host (or HOST), and no setting says who may create and change sessions; \
         add one of these lines to the environment:\n{CHOICES}"
    )]
    NotChosen,
    /// Others reach the server through a proxy, and nothing says what they may do.
    #[error(
        "--trusted-proxies (or TICKSEED_TRUSTED_PROXIES) names a proxy through which others reach the server, and no setting says who may \
         create and change sessions; add one of these lines to the environment:\n{CHOICES}"
    )]
    NotChosenBehindProxy,
    /// There are keys, and nothing says what they are for.
    #[error(
        "--api-keys-file (or TICKSEED_API_KEYS_FILE) is set, and no setting says who needs a key; add TICKSEED_ACCESS=token or \
         TICKSEED_ACCESS=keys to the environment"
    )]
    KeysWithoutMode,
    /// Keys are needed, and there are none.
    #[error(
        "with --access keys (or TICKSEED_ACCESS), nobody can create a session without --api-keys-file (or TICKSEED_API_KEYS_FILE); \
         tickseed key new makes a key"
    )]
    NoKeys,
    /// The file of keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
}

impl AccessSettings {
    /// Reads the keys, and decides the mode of a server that can be reached like this.
    ///
    /// # Errors
    ///
    /// [`AccessSettingsError`] if a setting is missing, or the file of keys cannot be used.
    pub fn access(&self, reach: Reach) -> Result<Access, AccessSettingsError> {
        let file = self.api_keys_file.clone();
        let mode = match self.access {
            Some(AccessMode::Keys) if file.is_none() => return Err(AccessSettingsError::NoKeys),
            Some(mode) => mode,
            None if file.is_some() => return Err(AccessSettingsError::KeysWithoutMode),
            None => match reach {
                Reach::ThisMachine => AccessMode::Open,
                Reach::BehindProxy => return Err(AccessSettingsError::NotChosenBehindProxy),
                Reach::OtherMachines => return Err(AccessSettingsError::NotChosen),
            },
        };
        if mode == AccessMode::Open && file.is_some() {
            tracing::warn!(
                "settings without effect: --api-keys-file (or TICKSEED_API_KEYS_FILE); --access (or TICKSEED_ACCESS) is open"
            );
            return Ok(Access::default());
        }
        Ok(Access::with_file(mode, file)?)
    }
}

/// The commands for API keys.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make an API key. Prints the key, which is kept nowhere, and the line for the file of API keys.
    New(NewKeySettings),
}

/// The inputs of `tickseed key new`.
#[derive(Debug, Clone, Args)]
pub struct NewKeySettings {
    /// The name of the key, which sessions note: 1 to 64 letters, digits, -, _ and .
    #[arg(long, value_parser = key_name)]
    pub name: KeyName,

    /// What the key may do: a list of create, control and list.
    #[arg(long, value_parser = rights, value_name = "RIGHT,RIGHT")]
    pub rights: Rights,
}
