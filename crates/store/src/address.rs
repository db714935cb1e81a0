//! Reads the address of a store, and opens the store.

mod scheme;

use std::fmt;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::Arc;
#[cfg(feature = "embedded")]
use std::thread;
use std::time::Duration;

use tickseed_session::{Clock, SessionStore, Timestamp};
#[cfg(feature = "embedded")]
use tokio::sync::oneshot;

use self::scheme::{Scheme, is_common};
#[cfg(feature = "cassandra")]
use crate::cassandra::{CassandraAddress, CassandraStore, InvalidCassandraAddress};
#[cfg(feature = "embedded")]
use crate::embedded::{EmbeddedOptions, EmbeddedStore, FileError};
#[cfg(feature = "postgres")]
use crate::postgres::{InvalidPostgresAddress, PostgresAddress, PostgresStore};
#[cfg(feature = "redis")]
use crate::redis::{InvalidRedisAddress, RedisAddress, RedisStore};
#[cfg(any(feature = "cassandra", feature = "postgres", feature = "redis"))]
use crate::remote::connect::{ConnectError, RemoteOptions};
use crate::{StoreLoss, StoreTimeout};

/// The address of the embedded store, which needs no more than its name.
#[cfg(feature = "embedded")]
const EMBEDDED: &str = "embedded";

/// The forms of the addresses of all stores in this binary.
const FORMS: &[&str] = &[
    #[cfg(feature = "embedded")]
    EMBEDDED,
    #[cfg(feature = "cassandra")]
    "cassandra://…",
    #[cfg(feature = "postgres")]
    "postgres://…",
    #[cfg(feature = "redis")]
    "redis://…",
    #[cfg(feature = "redis")]
    "rediss://…",
    #[cfg(feature = "redis")]
    "redis+cluster://…",
    #[cfg(feature = "redis")]
    "rediss+cluster://…",
];

/// Which store to use.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum StoreAddress {
    /// A file in the data folder.
    #[cfg(feature = "embedded")]
    Embedded,
    /// A Cassandra or ScyllaDB cluster.
    #[cfg(feature = "cassandra")]
    Cassandra(CassandraAddress),
    /// A PostgreSQL.
    #[cfg(feature = "postgres")]
    Postgres(Box<PostgresAddress>),
    /// A Redis or a Redis Cluster.
    #[cfg(feature = "redis")]
    Redis(RedisAddress),
}

/// A text that is not the address of a store. Its message never contains the text, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidAddress {
    /// No store in this binary has such addresses.
    #[error("a store is one of {}; got {}", FORMS.join(", "), Scheme(.scheme.as_deref()))]
    UnknownScheme {
        /// The scheme, if it is a common one.
        scheme: Option<String>,
    },
    /// The address of a Cassandra is malformed.
    #[cfg(feature = "cassandra")]
    #[error(transparent)]
    Cassandra(#[from] InvalidCassandraAddress),
    /// The address of a PostgreSQL is malformed.
    #[cfg(feature = "postgres")]
    #[error(transparent)]
    Postgres(#[from] InvalidPostgresAddress),
    /// The address of a Redis is malformed.
    #[cfg(feature = "redis")]
    #[error(transparent)]
    Redis(#[from] InvalidRedisAddress),
}

/// What opening a store needs besides its address.
#[derive(Clone)]
pub struct OpenOptions {
    /// The folder of a store that keeps files.
    pub data_dir: PathBuf,
    /// For how long to try to reach a store that is another process.
    pub wait: Duration,
    /// How long such a store may take to answer.
    pub timeout: StoreTimeout,
    /// How much acknowledged writing such a store may lose, where it does not say so itself.
    pub loss: Option<StoreLoss>,
    /// How many sessions there may be in a store that can count them: the embedded one.
    pub max_sessions: Option<NonZeroU64>,
    /// The clock of the server.
    pub clock: Arc<dyn Clock>,
    /// Until when the operator says that this clock is right. See `EmbeddedOptions`.
    pub clock_confirmed_until: Option<Timestamp>,
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The embedded store cannot be opened.
    #[cfg(feature = "embedded")]
    #[error(transparent)]
    Embedded(#[from] FileError),
    /// A store that is another process cannot be used.
    #[cfg(any(feature = "cassandra", feature = "postgres", feature = "redis"))]
    #[error(transparent)]
    Remote(#[from] ConnectError),
}

impl StoreAddress {
    /// Reads an address. `password` applies to a store with a login whose address has no password.
    ///
    /// # Errors
    ///
    /// [`InvalidAddress`] if no store in this binary has such an address.
    pub fn parse(address: &str, password: Option<&str>) -> Result<Self, InvalidAddress> {
        let scheme = address.split_once("://").map(|(scheme, _)| scheme);
        match scheme {
            #[cfg(feature = "embedded")]
            None if address == EMBEDDED => Ok(Self::Embedded),
            #[cfg(feature = "cassandra")]
            Some(scheme) if CassandraAddress::has_scheme(scheme) => {
                Ok(Self::Cassandra(CassandraAddress::parse(address, password)?))
            }
            #[cfg(feature = "postgres")]
            Some(scheme) if PostgresAddress::has_scheme(scheme) => {
                Ok(Self::Postgres(PostgresAddress::parse(address, password)?.into()))
            }
            #[cfg(feature = "redis")]
            Some(scheme) if RedisAddress::has_scheme(scheme) => {
                Ok(Self::Redis(RedisAddress::parse(address, password)?))
            }
            _ => {
                // The embedded store has no password.
                let _ = password;
                Err(InvalidAddress::UnknownScheme {
                    scheme: scheme.filter(|name| is_common(name)).map(str::to_owned),
                })
            }
        }
    }

    /// Returns the kind of the store, as its address begins: `embedded`, `redis`, `redis+cluster`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            #[cfg(feature = "embedded")]
            Self::Embedded => EMBEDDED,
            #[cfg(feature = "cassandra")]
            Self::Cassandra(_) => "cassandra",
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => "postgres",
            #[cfg(feature = "redis")]
            Self::Redis(address) if address.is_cluster() => "redis+cluster",
            #[cfg(feature = "redis")]
            Self::Redis(_) => "redis",
        }
    }

    /// Returns how many calls at once use the store well: the embedded one writes all sessions that wait in one transaction, with one
    /// sync of the disk, PostgreSQL has a limited number of connections, and Redis has a time limit for each call.
    #[must_use]
    pub fn calls_at_once(&self) -> usize {
        match self {
            #[cfg(feature = "embedded")]
            Self::Embedded => 1_024,
            // Transactions are slow, and each has a time limit.
            #[cfg(feature = "cassandra")]
            Self::Cassandra(_) => 16,
            #[cfg(feature = "postgres")]
            Self::Postgres(address) => 2 * address.pool_size(),
            #[cfg(feature = "redis")]
            Self::Redis(_) => 128,
        }
    }

    /// Checks that a store that keeps files in this folder is there. Opening would make it.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if it is not there.
    pub fn must_exist(&self, data_dir: &Path) -> Result<(), OpenError> {
        match self {
            #[cfg(feature = "embedded")]
            Self::Embedded => Ok(EmbeddedStore::must_exist(data_dir)?),
            #[cfg(any(feature = "cassandra", feature = "postgres", feature = "redis"))]
            _ => {
                let _ = data_dir;
                Ok(())
            }
        }
    }

    /// Returns the file of the store, if the store is a file.
    #[must_use]
    pub fn file(&self, data_dir: &Path) -> Option<PathBuf> {
        match self {
            #[cfg(feature = "embedded")]
            Self::Embedded => Some(EmbeddedStore::file(data_dir)),
            #[cfg(any(feature = "cassandra", feature = "postgres", feature = "redis"))]
            _ => {
                let _ = data_dir;
                None
            }
        }
    }

    /// Opens the store.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if it cannot be opened or reached.
    pub async fn open(self, options: OpenOptions) -> Result<Arc<dyn SessionStore>, OpenError> {
        match self {
            #[cfg(feature = "embedded")]
            Self::Embedded => Ok(Arc::new(open_embedded(options).await?)),
            #[cfg(feature = "cassandra")]
            Self::Cassandra(address) => {
                Ok(Arc::new(CassandraStore::connect(address, options.remote()).await?))
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(address) => {
                Ok(Arc::new(PostgresStore::connect(*address, options.remote()).await?))
            }
            #[cfg(feature = "redis")]
            Self::Redis(address) => Ok(Arc::new(RedisStore::connect(address, options.remote()).await?)),
        }
    }

    /// Makes the tables that the store needs and does not have, and what they are kept in. Returns what it has made, in words; nothing
    /// if the store has everything, or the log has said what was made.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the store cannot be reached for `wait`, does not let this user make them, or has those of a later version.
    #[cfg_attr(
        not(any(feature = "cassandra", feature = "postgres")),
        expect(clippy::unused_async, reason = "only some stores have tables")
    )]
    pub async fn migrate(&self, wait: Duration) -> Result<Vec<String>, OpenError> {
        match self {
            #[cfg(feature = "cassandra")]
            Self::Cassandra(address) => Ok(CassandraStore::migrate(address, wait).await?),
            // A start makes them, and the log says so.
            #[cfg(feature = "postgres")]
            Self::Postgres(address) => {
                let options =
                    RemoteOptions { wait, ..RemoteOptions::new(Arc::new(tickseed_session::SystemClock)) };
                drop(PostgresStore::connect((**address).clone(), options).await?);
                Ok(Vec::new())
            }
            #[cfg(any(feature = "embedded", feature = "redis"))]
            _ => {
                let _ = wait;
                Ok(Vec::new())
            }
        }
    }
}

#[cfg(any(feature = "cassandra", feature = "postgres", feature = "redis"))]
impl OpenOptions {
    /// Returns what concerns a store that is another process.
    fn remote(self) -> RemoteOptions {
        let Self { wait, timeout, loss, clock, .. } = self;
        RemoteOptions { wait, timeout, loss, clock }
    }
}

/// Opens the embedded store on a thread of its own, because the repair after an unclean end can take minutes. The thread does not
/// keep a process from ending.
#[cfg(feature = "embedded")]
async fn open_embedded(options: OpenOptions) -> Result<EmbeddedStore, FileError> {
    let OpenOptions { data_dir, clock, max_sessions, clock_confirmed_until, .. } = options;
    let path = data_dir.clone();
    let (sender, opened) = oneshot::channel();
    let embedded = EmbeddedOptions { max_sessions, clock_confirmed_until, hands_out_backups: true };
    let open = move || drop(sender.send(EmbeddedStore::open_with(&data_dir, clock, embedded)));
    let failed = |error: std::io::Error| FileError::file(path, error);
    match thread::Builder::new().name("store-opener".to_owned()).spawn(open) {
        Ok(_) => {
            let damaged = "the file is damaged; restore the backup";
            opened.await.unwrap_or_else(|_| Err(failed(std::io::Error::other(damaged))))
        }
        Err(error) => Err(failed(error)),
    }
}

impl fmt::Display for StoreAddress {
    /// Writes the address without a login.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(feature = "embedded")]
            Self::Embedded => f.write_str("the embedded store"),
            #[cfg(feature = "cassandra")]
            Self::Cassandra(address) => fmt::Display::fmt(address, f),
            #[cfg(feature = "postgres")]
            Self::Postgres(address) => fmt::Display::fmt(address, f),
            #[cfg(feature = "redis")]
            Self::Redis(address) => fmt::Display::fmt(address, f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(address: &str) -> String {
        StoreAddress::parse(address, None).unwrap_err().to_string()
    }

    #[test]
    #[cfg(all(feature = "cassandra", feature = "embedded", feature = "postgres", feature = "redis"))]
    fn an_unknown_scheme_gets_the_list_of_schemes() {
        let schemes = "a store is one of embedded, cassandra://…, postgres://…, redis://…, rediss://…, \
                       redis+cluster://…, rediss+cluster://…; ";
        assert_eq!(message("http://a"), format!("{schemes}got http://"));
        assert_eq!(message("REDIS://:secret@a"), format!("{schemes}got REDIS://"));
        for address in [
            "",
            "redis",
            "localhost:6379",
            "host:6379,password=secret",
            "Embedded",
            "redis:/:secret@a",
            "redis//:secret@a",
            "redis:secret@a",
            "pass word://a",
            "secret://a",
            "redis:/:sec://ret@a",
        ] {
            assert_eq!(message(address), format!("{schemes}got something else"));
        }
    }

    #[test]
    #[cfg(feature = "embedded")]
    fn the_embedded_store_has_no_more_than_a_name() {
        assert!(matches!(StoreAddress::parse("embedded", Some("unused")), Ok(StoreAddress::Embedded)));
    }

    #[test]
    #[cfg(feature = "redis")]
    fn the_error_of_one_backend_names_no_other_and_no_password() {
        let message = message("redis://u:secret@a:x");
        assert!(message.contains("redis://") && !message.contains("embedded"), "{message}");
        assert!(!message.contains("secret"), "{message}");
    }
}
