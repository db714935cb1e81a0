//! The texts of control tokens and API keys.

use std::fmt;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// What control tokens begin with, so that people and scanners recognise them.
const TOKEN_PREFIX: &str = "tst_";

/// What the API keys begin with that the server makes. Keys from elsewhere may look like anything but a token.
const KEY_PREFIX: &str = "tsk_";

/// How many random bytes a token or a key has: 128 bits, which nobody can guess.
const RANDOM_BYTES: usize = 16;

/// A new token or key. It is shown once; after that, only its hash exists. The `Debug` form hides the text.
pub struct NewSecret(String);

impl NewSecret {
    /// Makes a control token.
    ///
    /// # Errors
    ///
    /// If the operating system has no random bytes.
    pub fn control_token() -> Result<Self, getrandom::Error> {
        Self::random(TOKEN_PREFIX)
    }

    /// Makes an API key.
    ///
    /// # Errors
    ///
    /// If the operating system has no random bytes.
    pub fn api_key() -> Result<Self, getrandom::Error> {
        Self::random(KEY_PREFIX)
    }

    /// Returns the control token that consists of these bytes, which nobody can guess.
    #[must_use]
    pub fn control_token_of(bytes: &[u8; RANDOM_BYTES]) -> Self {
        Self::of(TOKEN_PREFIX, bytes)
    }

    fn random(prefix: &str) -> Result<Self, getrandom::Error> {
        let mut bytes = [0; RANDOM_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self::of(prefix, &bytes))
    }

    fn of(prefix: &str, bytes: &[u8; RANDOM_BYTES]) -> Self {
        Self(format!("{prefix}{}", HEXLOWER.encode(bytes)))
    }

    /// Returns the text, which only the client that asked for it may see.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Returns the SHA-256 of the text.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        sha256(&self.0)
    }
}

impl fmt::Debug for NewSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewSecret(…)")
    }
}

/// Returns whether a text has the form of a control token: `Some(false)` if it begins like one and is none.
#[must_use]
pub fn is_control_token(text: &str) -> Option<bool> {
    let digits = text.strip_prefix(TOKEN_PREFIX)?;
    Some(HEXLOWER.decode(digits.as_bytes()).is_ok_and(|bytes| bytes.len() == RANDOM_BYTES))
}

/// Returns the SHA-256 of a credential. A fast hash is enough, because nobody can try 2^128 texts.
#[must_use]
pub fn sha256(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_keys_are_recognisable_and_random() {
        let (token, key) = (NewSecret::control_token().unwrap(), NewSecret::api_key().unwrap());
        assert_eq!(is_control_token(token.reveal()), Some(true));
        assert_eq!(is_control_token(key.reveal()), None);
        assert!(key.reveal().starts_with("tsk_") && key.reveal().len() == 36);
        assert_ne!(token.reveal(), NewSecret::control_token().unwrap().reveal());
        assert_eq!(format!("{token:?}"), "NewSecret(…)");
    }

    #[test]
    fn a_token_has_32_hexadecimal_digits_in_lower_case() {
        let digits = "0123456789abcdef0123456789abcdef";
        assert_eq!(is_control_token(&format!("tst_{digits}")), Some(true));
        for text in ["tst_", &format!("tst_{digits}0"), &format!("tst_{}", &digits[2..]), "tst_é"] {
            assert_eq!(is_control_token(text), Some(false), "{text}");
        }
        assert_eq!(is_control_token(&format!("tst_{}", digits.to_uppercase())), Some(false));
        assert_eq!(is_control_token(&format!("TST_{digits}")), None);
    }
}
