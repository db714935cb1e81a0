//! The address of a PostgreSQL, with the login.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use deadpool_postgres::tokio_postgres::Config;
use deadpool_postgres::tokio_postgres::config::{Host, TargetSessionAttrs};

use super::tls::TlsMode;

/// The address of a PostgreSQL: one or more hosts, of which the one that accepts writes is used, and the login.
#[derive(Clone)]
pub struct PostgresAddress {
    /// All hosts together, for the log.
    config: Config,
    /// Each host, for the requests and for the change feed.
    hosts: Vec<Config>,
    feed_hosts: Vec<Config>,
    tls: TlsMode,
    pool_size: usize,
}

/// A text that is not the address of a PostgreSQL. Its message never contains the text, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a postgres:// address must look like postgres://USER:PASSWORD@HOST:PORT,HOST:PORT/DATABASE?sslmode=require, and / ? # @ in a \
     password are written %2F %3F %23 %40; in this one {problem}"
)]
pub struct InvalidPostgresAddress {
    /// What is wrong.
    problem: String,
}

/// What may follow the `?` of an address, as `name=value&name=value`.
#[derive(Debug, Default)]
struct Parameters<'address> {
    tls: Option<TlsMode>,
    pool_size: Option<usize>,
    feed_hosts: Option<&'address str>,
    /// Those that the driver understands.
    of_driver: Vec<&'address str>,
}

const DEFAULT_POOL_SIZE: usize = 16;
const MAX_POOL_SIZE: usize = 1_000;
const DEFAULT_PORT: u16 = 5_432;

/// How long a machine may acknowledge nothing that was sent to it.
const GONE_AFTER: Duration = Duration::from_secs(5);

impl PostgresAddress {
    /// Returns whether addresses with this scheme are those of a PostgreSQL.
    #[must_use]
    pub fn has_scheme(scheme: &str) -> bool {
        matches!(scheme, "postgres" | "postgresql")
    }

    /// Reads `postgres://USER:PASSWORD@HOST:PORT,HOST:PORT/DATABASE?NAME=VALUE`. `password` applies if the address has none.
    ///
    /// These names may follow the `?`:
    ///
    /// - `sslmode`: `disable`, `prefer` (the default), `require` or `verify-full`, as with `psql`.
    /// - `pool_size`: how many connections for requests there are at most, 1 to 1000, and 16 by default.
    /// - `feed_hosts`: `HOST:PORT,HOST:PORT`, where the change feed connects. It cannot use a pooler such as PgBouncer.
    /// - `options`: settings of the session, such as `-csearch_path%3Dgames`.
    ///
    /// # Errors
    ///
    /// [`InvalidPostgresAddress`] if it is anything else.
    pub fn parse(address: &str, password: Option<&str>) -> Result<Self, InvalidPostgresAddress> {
        let invalid = |problem: &str| InvalidPostgresAddress { problem: problem.to_owned() };
        let Some((scheme, rest)) = address.split_once("://").filter(|(scheme, _)| Self::has_scheme(scheme))
        else {
            return Err(invalid("the scheme is not that of a PostgreSQL"));
        };
        if rest.contains('#') {
            return Err(invalid("there is a #"));
        }
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let parameters = Parameters::parse(query)?;
        let tls = parameters.tls.unwrap_or(TlsMode::Prefer);
        let config_of = |place: &str| {
            let text = format!("{scheme}://{place}?{}", parameters.of_driver.join("&"));
            config_of(&text, password, tls).map_err(invalid)
        };
        let (login, database) = place_around_hosts(place);
        let config = config_of(place)?;
        let each_of = |hosts: &str| -> Result<Vec<Config>, _> {
            hosts.split(',').map(|host| config_of(&format!("{login}{host}{database}"))).collect()
        };
        let hosts = each_of(&place[login.len()..place.len() - database.len()])?;
        let feed_hosts = parameters.feed_hosts.map_or_else(|| Ok(hosts.clone()), each_of)?;
        let pool_size = parameters.pool_size.unwrap_or(DEFAULT_POOL_SIZE);
        Ok(Self { config, hosts, feed_hosts, tls, pool_size })
    }

    /// Returns the hosts and ports, separated by commas.
    pub(super) fn names(&self) -> String {
        hosts(&self.config)
    }

    /// Returns how to connect to each host for requests.
    pub(super) fn hosts(&self) -> &[Config] {
        &self.hosts
    }

    /// Returns how the change feed connects to each host.
    pub(super) fn feed_hosts(&self) -> &[Config] {
        &self.feed_hosts
    }

    pub(super) const fn tls(&self) -> TlsMode {
        self.tls
    }

    pub(crate) const fn pool_size(&self) -> usize {
        self.pool_size
    }
}

/// Returns what precedes the hosts, and what follows them.
fn place_around_hosts(place: &str) -> (&str, &str) {
    let start = place.rfind('@').map_or(0, |at| at + 1);
    let end = place[start..].find('/').map_or(place.len(), |slash| start + slash);
    (&place[..start], &place[end..])
}

fn config_of(text: &str, password: Option<&str>, tls: TlsMode) -> Result<Config, &'static str> {
    // The error of the driver may quote the address.
    let mut config = Config::from_str(text).map_err(|_| "a host, a port or an option is malformed")?;
    if config.get_hosts().is_empty() {
        return Err("the host is missing");
    }
    if !config.get_hosts().iter().all(is_host) {
        return Err("a host is malformed");
    }
    if let Some(password) = password.filter(|_| config.get_password().is_none()) {
        config.password(password);
    }
    config.ssl_mode(tls.of_driver()).target_session_attrs(TargetSessionAttrs::ReadWrite);
    // A machine that is gone is noticed also on a connection that only waits.
    config
        .tcp_user_timeout(GONE_AFTER)
        .keepalives_idle(GONE_AFTER * 2)
        .keepalives_interval(GONE_AFTER)
        .keepalives_retries(2);
    if config.get_application_name().is_none() {
        config.application_name("tickseed");
    }
    Ok(config)
}

/// Other parsers take anything for a host, such as a password, and the log names hosts.
fn is_host(host: &Host) -> bool {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "-._:".contains(character);
    match host {
        Host::Tcp(name) => !name.is_empty() && name.chars().all(allowed),
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

impl<'address> Parameters<'address> {
    fn parse(query: &'address str) -> Result<Self, InvalidPostgresAddress> {
        let invalid = |problem: String| InvalidPostgresAddress { problem };
        let mut parameters = Self::default();
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match name {
                "sslmode" => {
                    let Some(mode) = TlsMode::named(value) else {
                        return Err(invalid(format!("sslmode is not {}", TlsMode::NAMES)));
                    };
                    parameters.tls = Some(mode);
                }
                "pool_size" => {
                    let Some(size) = value.parse().ok().filter(|size| (1..=MAX_POOL_SIZE).contains(size))
                    else {
                        return Err(invalid(format!("pool_size is not a number from 1 to {MAX_POOL_SIZE}")));
                    };
                    parameters.pool_size = Some(size);
                }
                "feed_hosts" => parameters.feed_hosts = Some(value),
                "options" => parameters.of_driver.push(parameter),
                _ => {
                    let problem = "only sslmode, pool_size, feed_hosts and options may follow the ?";
                    return Err(invalid(problem.to_owned()));
                }
            }
        }
        Ok(parameters)
    }
}

/// Returns the hosts and ports of an address, for the log.
fn hosts(config: &Config) -> String {
    let ports = config.get_ports();
    let port = |index: usize| ports.get(index).or(ports.first()).copied().unwrap_or(DEFAULT_PORT);
    let host = |(index, host): (usize, &Host)| match host {
        Host::Tcp(name) if name.contains(':') => format!("[{name}]:{}", port(index)),
        Host::Tcp(name) => format!("{name}:{}", port(index)),
        #[cfg(unix)]
        Host::Unix(folder) => folder.display().to_string(),
    };
    config.get_hosts().iter().enumerate().map(host).collect::<Vec<_>>().join(",")
}

impl fmt::Display for PostgresAddress {
    /// Writes the hosts, the ports and the database, without the login.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgreSQL at {}", hosts(&self.config))?;
        self.config.get_dbname().map_or(Ok(()), |name| write!(f, "/{name}"))
    }
}

impl fmt::Debug for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresAddress({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(address: &str) -> PostgresAddress {
        PostgresAddress::parse(address, Some("outside")).unwrap_or_else(|error| panic!("{address}: {error}"))
    }

    fn password(config: &Config) -> &str {
        str::from_utf8(config.get_password().unwrap()).unwrap()
    }

    #[test]
    fn an_address_is_shown_without_the_login() {
        for (address, shown) in [
            ("postgres://localhost", "PostgreSQL at localhost:5432"),
            ("postgresql://u:secret@a:1,b:2/games?sslmode=require", "PostgreSQL at a:1,b:2/games"),
            ("postgres://u@[::1]:1/games", "PostgreSQL at [::1]:1/games"),
            ("postgres://u@%2Fvar%2Frun/games", "PostgreSQL at /var/run/games"),
        ] {
            let address = parse(address);
            assert_eq!(address.to_string(), shown);
            assert_eq!(format!("{address:?}"), format!("PostgresAddress({shown})"));
        }
    }

    #[test]
    fn a_password_in_the_address_comes_first() {
        assert_eq!(password(&parse("postgres://u:in%40side@a/games").hosts()[0]), "in@side");
        assert_eq!(password(&parse("postgres://u@a/games").hosts()[0]), "outside");
    }

    #[test]
    fn the_feed_can_have_hosts_of_its_own() {
        let address =
            parse("postgres://u:p@bouncer:6432/games?feed_hosts=a:1,b:2&pool_size=3&sslmode=verify-full");
        let each = |configs: &[Config]| configs.iter().map(hosts).collect::<Vec<_>>();
        assert_eq!(address.names(), "bouncer:6432");
        assert_eq!(each(address.hosts()), ["bouncer:6432"]);
        assert_eq!(each(address.feed_hosts()), ["a:1", "b:2"]);
        assert_eq!((address.pool_size(), address.tls()), (3, TlsMode::VerifyFull));
        let feed = &address.feed_hosts()[1];
        assert_eq!((feed.get_user(), feed.get_dbname(), password(feed)), (Some("u"), Some("games"), "p"));
        assert_eq!(each(parse("postgres://a,[::1]:1/games").feed_hosts()), ["a:5432", "[::1]:1"]);
    }

    #[test]
    fn every_mistake_is_named_and_no_password_is_shown() {
        for (address, problem) in [
            ("redis://a", "the scheme"),
            ("postgres://u:secret#@a", "there is a #"),
            ("postgres://u:secret@", "host"),
            ("postgres://u:secret@a:x", "malformed"),
            ("postgres://u:secret@a:99999", "malformed"),
            ("postgres://u:sec ret@a b", "malformed"),
            (
                "postgres://u:secret@a?sslmode=verify-ca",
                "sslmode is not disable, prefer, require or verify-full",
            ),
            ("postgres://u:secret@a?pool_size=0", "pool_size is not a number from 1 to 1000"),
            ("postgres://u:pass?secret=1@a", "only sslmode, pool_size, feed_hosts and options"),
            ("postgres://u:p@a?feed_hosts=secret,:x", "malformed"),
        ] {
            let message = PostgresAddress::parse(address, None).unwrap_err().to_string();
            assert!(message.contains(problem) && !message.contains("secret"), "{address}: {message}");
        }
    }
}
