//! Who may use the server: the mode of access, and the API keys.
//!
//! It knows neither HTTP nor settings. `http::access` asks it for every request that needs a right.

mod key_file;
mod secret_text;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tickseed_session::error_chain;

pub use key_file::{ApiKey, ApiKeys, InvalidRights, KeyFileError, LineMistake, Right, Rights};
pub use secret_text::{NewSecret, is_control_token, sha256};

/// Who needs a right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AccessMode {
    /// No caller: anybody may create and change any session.
    #[default]
    Open,
    /// Callers that change a session: its control token, or an API key.
    Token,
    /// Callers that create a session as well: an API key.
    Keys,
}

impl AccessMode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Open, Self::Token, Self::Keys];

    /// Returns the word for it in settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Token => "token",
            Self::Keys => "keys",
        }
    }
}

impl fmt::Display for AccessMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The mode of access and the API keys. Clones share the keys, which can be read again while the server runs.
#[derive(Clone, Default)]
pub struct Access {
    mode: AccessMode,
    file: Option<Arc<PathBuf>>,
    keys: Arc<ArcSwap<ApiKeys>>,
}

impl Access {
    /// Takes a mode, and keys that stay as they are.
    #[must_use]
    pub fn new(mode: AccessMode, keys: ApiKeys) -> Self {
        Self { mode, file: None, keys: Arc::new(ArcSwap::from_pointee(keys)) }
    }

    /// Takes a mode, and the keys in a file. Without a file, there are none.
    ///
    /// # Errors
    ///
    /// [`KeyFileError`] if the file cannot be read or contains a mistake.
    pub fn with_file(mode: AccessMode, file: Option<PathBuf>) -> Result<Self, KeyFileError> {
        let keys = file.as_deref().map(ApiKeys::read).transpose()?.unwrap_or_default();
        if mode == AccessMode::Keys && !keys.have(Right::Create) {
            tracing::warn!("no API key has the right create, so nobody can create a session");
        }
        Ok(Self { file: file.map(Arc::new), ..Self::new(mode, keys) })
    }

    /// Returns the mode.
    #[must_use]
    pub const fn mode(&self) -> AccessMode {
        self.mode
    }

    /// Returns how many keys there are.
    #[must_use]
    pub fn key_count(&self) -> usize {
        self.keys.load().len()
    }

    /// Returns the API key whose text has this SHA-256.
    #[must_use]
    pub fn find(&self, sha256: &[u8; 32]) -> Option<Arc<ApiKey>> {
        self.keys.load().find(sha256)
    }

    /// Reads the file of keys again, and logs the outcome. If it contains a mistake, the former keys stay. Returns whether there
    /// is a file.
    pub fn read_again(&self) -> bool {
        let Some(file) = &self.file else { return false };
        match ApiKeys::read(file) {
            Ok(keys) => {
                tracing::info!(keys = keys.len(), "the API keys were read again");
                self.keys.store(Arc::new(keys));
            }
            Err(error) => {
                let error = error_chain(&error);
                tracing::error!(error, "the API keys cannot be read again; the former keys stay");
            }
        }
        true
    }
}

impl fmt::Debug for Access {
    /// Names only the mode.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("mode", &self.mode).finish_non_exhaustive()
    }
}
