//! What a server can have too much of.

use std::fmt;

/// What a server already has as many of as it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overload {
    Connections,
    EventStreams,
    /// Requests that wait for the store.
    Store,
    /// Reads of the store that check a control token which does not fit the session in memory.
    TokenChecks,
}

impl fmt::Display for Overload {
    /// Names it in the plural, for the sentence "the server has as many … as it may".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connections => "connections",
            Self::EventStreams => "event streams",
            Self::Store => "requests that wait for the store",
            Self::TokenChecks => "checks of unknown control tokens",
        })
    }
}
