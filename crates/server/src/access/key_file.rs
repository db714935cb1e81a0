//! The file of API keys, one key on each line: `NAME RIGHTS SHA256`. It contains only hashes, so reading the file gives nobody a key.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use data_encoding::HEXLOWER_PERMISSIVE;
use subtle::ConstantTimeEq;
use tickseed_session::{InvalidKeyName, KeyName};

/// The largest file, in bytes. It holds about 10,000 keys.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// What a program may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Create sessions.
    Create,
    /// Change any session.
    Control,
    /// List sessions.
    List,
}

impl Right {
    /// Every right.
    pub const ALL: [Self; 3] = [Self::Create, Self::Control, Self::List];

    /// Returns the word for it in files, commands and errors.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Control => "control",
            Self::List => "list",
        }
    }
}

/// A set of rights, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights([bool; Right::ALL.len()]);

/// A text that is not a list of rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a list of create, control and list, separated by commas without spaces, each at most once")]
pub struct InvalidRights;

impl Rights {
    /// Returns whether a right is among them.
    #[must_use]
    pub const fn contain(self, right: Right) -> bool {
        self.0[right as usize]
    }

    /// Returns the list, as [`from_str`](Self::from_str) reads it.
    #[must_use]
    pub fn list(self) -> String {
        let rights = Right::ALL.into_iter().filter(|right| self.contain(*right));
        rights.map(Right::as_str).collect::<Vec<_>>().join(",")
    }
}

impl FromStr for Rights {
    type Err = InvalidRights;

    fn from_str(text: &str) -> Result<Self, InvalidRights> {
        let mut rights = [false; Right::ALL.len()];
        for word in text.split(',') {
            let right = Right::ALL.into_iter().find(|right| right.as_str() == word).ok_or(InvalidRights)?;
            if std::mem::replace(&mut rights[right as usize], true) {
                return Err(InvalidRights);
            }
        }
        Ok(Self(rights))
    }
}

/// An API key: its name, its rights, and the hash of its text. The `Debug` form hides name and hash.
pub struct ApiKey {
    name: KeyName,
    rights: Rights,
    sha256: [u8; 32],
}

impl ApiKey {
    /// Returns its name.
    #[must_use]
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// Returns the SHA-256 of its text.
    pub(crate) const fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// Returns its rights.
    #[must_use]
    pub const fn rights(&self) -> Rights {
        self.rights
    }
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiKey").field("rights", &self.rights).finish_non_exhaustive()
    }
}

/// The API keys of a server.
#[derive(Debug, Default)]
pub struct ApiKeys(Vec<Arc<ApiKey>>);

/// Why a file of API keys cannot be used. It repeats nothing from the file, where a key may be in the place of its hash.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// The file cannot be read.
    #[error("cannot read the file that --api-keys-file (or TICKSEED_API_KEYS_FILE) names")]
    Unreadable(#[from] io::Error),
    /// The file is too large.
    #[error("the file of API keys must be at most {MAX_FILE_BYTES} bytes")]
    TooLarge,
    /// A line contains a mistake.
    #[error("line {number} of the file of API keys: {mistake}")]
    Line {
        /// The number of the line, from 1.
        number: usize,
        /// What is wrong with it.
        mistake: LineMistake,
    },
}

/// What is wrong with a line of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineMistake {
    /// It is not UTF-8.
    #[error("it must be UTF-8")]
    Encoding,
    /// It does not have three columns.
    #[error("it must have three columns, NAME RIGHTS SHA256, got {0}")]
    Columns(usize),
    /// The first column is not a name.
    #[error("the name {0}")]
    Name(InvalidKeyName),
    /// The second column is not a list of rights.
    #[error("the rights {0}")]
    Rights(InvalidRights),
    /// The third column is not a hash.
    #[error(
        "the third column must be the SHA-256 of the key, in 64 hexadecimal digits, and not the key itself"
    )]
    Hash,
    /// The name is taken.
    #[error("line {0} has the same name")]
    SameName(usize),
    /// The key is taken.
    #[error("line {0} has the same key")]
    SameKey(usize),
}

impl ApiKeys {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`KeyFileError`] if it cannot be read, is larger than 1 MiB, or contains a mistake.
    pub fn read(file: &Path) -> Result<Self, KeyFileError> {
        let mut bytes = Vec::new();
        File::open(file)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(KeyFileError::TooLarge);
        }
        Self::parse(&bytes)
    }

    /// Reads the contents of a file.
    ///
    /// # Errors
    ///
    /// [`KeyFileError::Line`] for the first mistake.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyFileError> {
        let mut keys: Vec<(usize, Arc<ApiKey>)> = Vec::new();
        for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
            let wrong = |mistake| KeyFileError::Line { number, mistake };
            let Some(key) = parse_line(line).map_err(wrong)? else { continue };
            for (other, earlier) in &keys {
                if earlier.name == key.name {
                    return Err(wrong(LineMistake::SameName(*other)));
                }
                if earlier.sha256 == key.sha256 {
                    return Err(wrong(LineMistake::SameKey(*other)));
                }
            }
            keys.push((number, Arc::new(key)));
        }
        Ok(Self(keys.into_iter().map(|(_, key)| key).collect()))
    }

    /// Returns how many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether one of them has a right.
    #[must_use]
    pub fn have(&self, right: Right) -> bool {
        self.0.iter().any(|key| key.rights.contain(right))
    }

    /// Returns the key whose text has this SHA-256. Compares with every key in constant time, so the time says nothing about hashes.
    #[must_use]
    pub fn find(&self, sha256: &[u8; 32]) -> Option<Arc<ApiKey>> {
        let mut found = None;
        for key in &self.0 {
            if bool::from(key.sha256.ct_eq(sha256)) {
                found = Some(key);
            }
        }
        found.cloned()
    }
}

/// Reads a line. Returns `None` if it contains no key.
fn parse_line(line: &[u8]) -> Result<Option<ApiKey>, LineMistake> {
    let line = str::from_utf8(line).map_err(|_| LineMistake::Encoding)?;
    let columns: Vec<&str> = line.split('#').next().unwrap_or_default().split_whitespace().collect();
    let (name, rights, hash) = match columns[..] {
        [] => return Ok(None),
        [name, rights, hash] => (name, rights, hash),
        _ => return Err(LineMistake::Columns(columns.len())),
    };
    let hash = HEXLOWER_PERMISSIVE.decode(hash.as_bytes()).map_err(|_| LineMistake::Hash)?;
    Ok(Some(ApiKey {
        name: KeyName::new(name).map_err(LineMistake::Name)?,
        rights: rights.parse().map_err(LineMistake::Rights)?,
        sha256: hash.try_into().map_err(|_| LineMistake::Hash)?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::sha256;

    const HASH: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    fn error(text: &str) -> String {
        ApiKeys::parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_file_has_one_key_a_line_and_comments() {
        let other = HASH.replace('9', "8").to_uppercase();
        let text =
            format!("# keys\n\n  studio\tcreate,list  {HASH} # the game\r\nadmin control {other}\n#x y z\n");
        let keys = ApiKeys::parse(text.as_bytes()).unwrap();
        assert_eq!(keys.len(), 2);
        let studio = keys.find(&sha256("test")).unwrap();
        assert_eq!((studio.name().as_str(), studio.rights().list().as_str()), ("studio", "create,list"));
        assert!(keys.have(Right::Control) && !studio.rights().contain(Right::Control));
        assert!(keys.find(&sha256("tost")).is_none());
        assert!(ApiKeys::parse(b"").unwrap().is_empty());
    }

    #[test]
    fn an_error_names_the_line_and_the_mistake_and_repeats_nothing() {
        let line = format!("studio create {HASH}");
        for (text, mistake) in [
            ("studio create".to_owned(), "it must have three columns, NAME RIGHTS SHA256, got 2"),
            (format!("{line} x"), "it must have three columns, NAME RIGHTS SHA256, got 4"),
            (
                format!("stüdio create {HASH}"),
                "the name must be 1 to 64 ASCII letters, digits, -, _ and ., and begin with a letter or a digit",
            ),
            (
                format!("studio create,write {HASH}"),
                "the rights must be a list of create, control and list, separated by commas without spaces, each at most once",
            ),
            (
                format!("studio create,create {HASH}"),
                "the rights must be a list of create, control and list, separated by commas without spaces, each at most once",
            ),
            (
                "studio create tsk_0123456789abcdef0123456789abcdef".to_owned(),
                "the third column must be the SHA-256 of the key, in 64 hexadecimal digits, and not the key itself",
            ),
            (
                format!("studio create {}", &HASH[2..]),
                "the third column must be the SHA-256 of the key, in 64 hexadecimal digits, and not the key itself",
            ),
            (format!("{line}\n{}", line.replace('9', "8")), "line 2 has the same name"),
            (format!("{line}\n{}", line.replace("studio", "other")), "line 2 has the same key"),
        ] {
            let number = 1 + text.lines().count();
            let message = error(&format!("# keys\n{text}"));
            assert_eq!(message, format!("line {number} of the file of API keys: {mistake}"), "{text}");
            assert!(!message.contains("9f86") && !message.contains("0123"), "{message}");
        }
        let error = ApiKeys::parse(b"\xff").unwrap_err();
        assert_eq!(error.to_string(), "line 1 of the file of API keys: it must be UTF-8");
    }

    #[test]
    fn a_file_that_is_too_large_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys");
        let line = format!("studio create {HASH}\n");
        let at_most = line.clone() + &"#".repeat(usize::try_from(MAX_FILE_BYTES).unwrap() - line.len());
        std::fs::write(&file, &at_most).unwrap();
        assert_eq!(ApiKeys::read(&file).unwrap().len(), 1);
        std::fs::write(&file, at_most + "#").unwrap();
        assert!(matches!(ApiKeys::read(&file), Err(KeyFileError::TooLarge)));
        assert!(matches!(ApiKeys::read(folder.path()), Err(KeyFileError::Unreadable(_))));
    }

    #[test]
    fn the_debug_form_hides_names_and_hashes() {
        let keys = ApiKeys::parse(format!("studio create {HASH}").as_bytes()).unwrap();
        let text = format!("{keys:?}");
        assert!(!text.contains("studio") && !text.contains("159") && !text.contains("9f86"), "{text}");
    }
}
