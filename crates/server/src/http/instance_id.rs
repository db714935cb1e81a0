//! Identifies the server process that sent a response.

use serde::Serialize;
use uuid::Uuid;

/// The number of hexadecimal digits in an id. In a UUID of version 4 these are all random; the next digit is not.
const DIGITS: usize = 12;

/// The id of a server process, for as long as it runs. It is random, so it reveals nothing about the machine.
#[derive(Debug, Clone, Serialize)]
pub struct InstanceId(String);

impl InstanceId {
    /// Creates a random id.
    #[must_use]
    pub fn random() -> Self {
        let mut digits = Uuid::new_v4().simple().to_string();
        digits.truncate(DIGITS);
        Self(digits)
    }
}
