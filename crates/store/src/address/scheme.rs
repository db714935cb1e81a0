//! The schemes of addresses that errors may repeat.

use std::fmt;

/// The schemes that an error repeats. Any other text before `://` may be a part of a password.
const SHOWN_SCHEMES: &[&str] = &[
    "redis",
    "rediss",
    "redis+cluster",
    "rediss+cluster",
    "redis+unix",
    "redis+sentinel",
    "redis-sentinel",
    "sentinel",
    "valkey",
    "valkeys",
    "memcached",
    "postgres",
    "postgresql",
    "mysql",
    "mongodb",
    "cassandra",
    "scylla",
    "embedded",
    "file",
    "unix",
    "tcp",
    "tls",
    "http",
    "https",
];

/// Returns whether a text is a common scheme, in any case.
pub(super) fn is_common(text: &str) -> bool {
    SHOWN_SCHEMES.iter().any(|scheme| scheme.eq_ignore_ascii_case(text))
}

/// A scheme in an error.
pub(super) struct Scheme<'a>(pub(super) Option<&'a str>);

impl fmt::Display for Scheme<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(scheme) => write!(f, "{scheme}://"),
            None => f.write_str("something else"),
        }
    }
}
