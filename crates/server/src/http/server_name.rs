//! What tells a server's answers from those of others behind the same address.

use serde::Serialize;
use uuid::Uuid;

/// How many hexadecimal digits a name has: these of a UUID of version 4 are all random, the first that is not comes next.
const DIGITS: usize = 12;

/// A name that a server bears for as long as its process runs. It is random, so it says nothing about the machine.
#[derive(Debug, Clone, Serialize)]
pub struct ServerName(String);

impl ServerName {
    /// A new name, which no other server has.
    #[must_use]
    pub fn random() -> Self {
        let mut digits = Uuid::new_v4().simple().to_string();
        digits.truncate(DIGITS);
        Self(digits)
    }
}
