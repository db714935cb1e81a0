//! `tickseed key new`: makes an API key. The key is printed once and kept nowhere.

use data_encoding::HEXLOWER;

use crate::access::NewSecret;
use crate::settings::NewKeySettings;

/// Returns two lines: the key, for the program that uses it, and the line for the file of API keys.
///
/// # Errors
///
/// If the operating system has no random bytes.
pub fn key_lines(settings: &NewKeySettings) -> Result<String, getrandom::Error> {
    let key = NewSecret::api_key()?;
    let (name, rights, hash) =
        (settings.name.as_str(), settings.rights.list(), HEXLOWER.encode(&key.sha256()));
    Ok(format!("key: {}\nline: {name} {rights} {hash}", key.reveal()))
}

#[cfg(test)]
mod tests {
    use tickseed_session::KeyName;

    use super::*;
    use crate::access::{ApiKeys, Right, sha256};

    #[test]
    fn the_line_belongs_to_the_key() {
        let name = KeyName::new("studio").unwrap();
        let settings = NewKeySettings { name, rights: "list,create".parse().unwrap() };
        let lines = key_lines(&settings).unwrap();
        let (key, line) = lines.split_once("\nline: ").unwrap();
        let key = key.strip_prefix("key: ").unwrap();
        assert!(!line.contains(key) && key.starts_with("tsk_"));
        let found = ApiKeys::parse(line.as_bytes()).unwrap().find(&sha256(key)).unwrap();
        assert_eq!(found.name().as_str(), "studio");
        assert_eq!(Right::ALL.map(|right| found.rights().contain(right)), [true, false, true]);
    }
}
