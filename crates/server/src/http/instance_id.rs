//! Which server process has answered.

use serde::Serialize;
use uuid::Uuid;

/// How many hexadecimal digits an id has. In a UUID of version 4 these are all random; the digit after them is not.
const DIGITS: usize = 12;

/// The id of a server process, for as long as it runs. It is random, so it reveals nothing about the machine.
#[derive(Debug, Clone, Serialize)]
pub struct InstanceId(String);

impl InstanceId {
    /// Makes a new id, which no other process has.
    #[must_use]
    pub fn random() -> Self {
        let mut digits = Uuid::new_v4().simple().to_string();
        digits.truncate(DIGITS);
        Self(digits)
    }
}
