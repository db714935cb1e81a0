//! The address of a Cassandra cluster, with the login.

use std::fmt;
use std::net::Ipv6Addr;

/// The port of CQL where the address names none.
const PORT: u16 = 9042;

/// The keyspace where the address names none.
const KEYSPACE: &str = "tickseed";

/// How long a keyspace's name may be in Cassandra.
const LONGEST_KEYSPACE: usize = 48;

/// The name of the option that says which data centres decide.
const CONSISTENCY: &str = "consistency";
const DATACENTER: &str = "datacenter";
const REPLICATION: &str = "replication";
const MIGRATE: &str = "migrate";

/// The address of a Cassandra or ScyllaDB cluster, with the login, the keyspace and the options.
#[derive(Clone)]
pub struct CassandraAddress {
    hosts: Vec<String>,
    login: Option<Login>,
    keyspace: String,
    reach: Reach,
    datacenter: Option<String>,
    replication: Option<Replication>,
    migrates: bool,
}

/// A user and the password.
#[derive(Clone)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: String,
}

/// Which replicas decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// A majority of all: `SERIAL` and `QUORUM`.
    All,
    /// A majority of those in the data centre of the server: `LOCAL_SERIAL` and `LOCAL_QUORUM`.
    Local,
}

/// How many copies the keyspace gets that `migrate` makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Replication {
    /// This many in every data centre.
    Everywhere(u8),
    /// In each of these data centres, its number.
    In(Vec<(String, u8)>),
}

/// A text that is not the address of a Cassandra. Its message never contains the login.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a cassandra:// address must look like cassandra://USER:PASSWORD@HOST:PORT,HOST:PORT/KEYSPACE?{CONSISTENCY}=quorum, and / ? # @ in \
     a password are written %2F %3F %23 %40; in this one {problem}"
)]
pub struct InvalidCassandraAddress {
    /// What is wrong.
    problem: String,
}

fn invalid(problem: impl Into<String>) -> InvalidCassandraAddress {
    InvalidCassandraAddress { problem: problem.into() }
}

impl CassandraAddress {
    /// Returns whether addresses with this scheme are those of a Cassandra.
    #[must_use]
    pub fn has_scheme(scheme: &str) -> bool {
        scheme == "cassandra"
    }

    /// Reads `cassandra://USER:PASSWORD@HOST:PORT,HOST:PORT/KEYSPACE?OPTION=VALUE&…`. Any of the hosts leads to the others. The
    /// options are `consistency`, `datacenter`, `replication` and `migrate`. `password` applies if the address has none.
    ///
    /// # Errors
    ///
    /// [`InvalidCassandraAddress`] if it is anything else.
    pub fn parse(address: &str, password: Option<&str>) -> Result<Self, InvalidCassandraAddress> {
        let rest = match address.split_once("://") {
            Some((scheme, rest)) if Self::has_scheme(scheme) => rest,
            _ => return Err(invalid("the scheme is not that of a Cassandra")),
        };
        let (login, rest) = rest.rsplit_once('@').map_or((None, rest), |(login, rest)| (Some(login), rest));
        // From here on nothing that an error may repeat can be a part of the password.
        if login.is_some_and(|login| login.contains(['/', '?', '#'])) {
            return Err(invalid("there is a / or a ? or a # before the @"));
        }
        let (place, options) = rest.split_once('?').unwrap_or((rest, ""));
        let (hosts, keyspace) = place.split_once('/').unwrap_or((place, ""));
        let keyspace = if keyspace.is_empty() { KEYSPACE } else { keyspace };
        if !is_keyspace(keyspace) {
            return Err(invalid(format!(
                "the keyspace is not a lower-case letter followed by up to {} lower-case letters, digits and _",
                LONGEST_KEYSPACE - 1
            )));
        }
        let hosts = hosts.split(',').map(host).collect::<Option<_>>();
        let mut read = Self {
            hosts: hosts.ok_or_else(|| invalid("a host or a port is missing or malformed"))?,
            login: login.map(|login| read_login(login, password)).transpose()?.flatten(),
            keyspace: keyspace.to_owned(),
            reach: Reach::All,
            datacenter: None,
            replication: None,
            migrates: false,
        };
        for option in options.split('&').filter(|option| !option.is_empty()) {
            read.take_option(option)?;
        }
        if read.reach == Reach::Local && read.datacenter.is_none() {
            return Err(invalid(format!(
                "{CONSISTENCY}=local_quorum needs {DATACENTER}=NAME, the data centre of this server"
            )));
        }
        Ok(read)
    }

    fn take_option(&mut self, option: &str) -> Result<(), InvalidCassandraAddress> {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        match name {
            CONSISTENCY => self.reach = reach(value)?,
            DATACENTER if is_name(value) => self.datacenter = Some(value.to_owned()),
            DATACENTER => {
                return Err(refused(
                    DATACENTER,
                    "the name of a data centre: letters, digits, -, _ and .",
                    value,
                ));
            }
            REPLICATION => self.replication = Some(replication(value)?),
            MIGRATE => {
                self.migrates = match value {
                    "true" => true,
                    "false" => false,
                    _ => return Err(refused(MIGRATE, "true or false", value)),
                };
            }
            _ => {
                let names = [CONSISTENCY, DATACENTER, REPLICATION, MIGRATE].join(", ");
                return Err(refused("an option", &format!("one of {names}"), name));
            }
        }
        Ok(())
    }

    /// Returns the hosts and ports of the address.
    pub(super) fn hosts(&self) -> &[String] {
        &self.hosts
    }

    pub(super) const fn login(&self) -> Option<&Login> {
        self.login.as_ref()
    }

    pub(super) fn keyspace(&self) -> &str {
        &self.keyspace
    }

    pub(super) const fn reach(&self) -> Reach {
        self.reach
    }

    pub(super) fn datacenter(&self) -> Option<&str> {
        self.datacenter.as_deref()
    }

    pub(super) const fn replication(&self) -> Option<&Replication> {
        self.replication.as_ref()
    }

    /// Returns whether a server may make what is missing when it starts.
    pub(super) const fn migrates(&self) -> bool {
        self.migrates
    }
}

/// Says what an option allows and what it got. The value is repeated only if it looks like one.
fn refused(name: &str, allowed: &str, value: &str) -> InvalidCassandraAddress {
    let is_harmless =
        value.len() <= 48 && value.chars().all(|character| is_name_part(character) || character == ':');
    let got = if value.is_empty() {
        "nothing"
    } else if is_harmless {
        value
    } else {
        "something else"
    };
    invalid(format!("{name} must be {allowed}; got {got}"))
}

fn reach(value: &str) -> Result<Reach, InvalidCassandraAddress> {
    match value {
        "quorum" => Ok(Reach::All),
        "local_quorum" => Ok(Reach::Local),
        _ => Err(refused(CONSISTENCY, "quorum or local_quorum", value)),
    }
}

/// Reads `3` or `dc1:3,dc2:3`.
fn replication(value: &str) -> Result<Replication, InvalidCassandraAddress> {
    let copies = |text: &str| text.parse().ok().filter(|copies| (1..=9).contains(copies));
    let in_datacenter = |part: &str| {
        let (name, number) = part.split_once(':')?;
        is_name(name).then(|| Some((name.to_owned(), copies(number)?))).flatten()
    };
    let everywhere = copies(value).map(Replication::Everywhere);
    let read = everywhere
        .or_else(|| value.split(',').map(in_datacenter).collect::<Option<_>>().map(Replication::In));
    read.ok_or_else(|| {
        refused(REPLICATION, "a number from 1 to 9, or DATACENTER:NUMBER,DATACENTER:NUMBER", value)
    })
}

/// Reads a login: a user, and a password there or beside the address.
fn read_login(login: &str, beside: Option<&str>) -> Result<Option<Login>, InvalidCassandraAddress> {
    let (user, within) =
        login.split_once(':').map_or((login, None), |(user, password)| (user, Some(password)));
    let decode = |text: &str| {
        decoded(text).ok_or_else(|| invalid("a % in the login is not followed by two hexadecimal digits"))
    };
    let user = decode(user)?;
    let password = match within {
        Some(password) => decode(password)?,
        None => beside.unwrap_or_default().to_owned(),
    };
    if user.is_empty() {
        return Err(invalid("there is an @, but no user before it"));
    }
    Ok(Some(Login { user, password }))
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    bytes.extend(parts.next()?.bytes());
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        let are_digits = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        bytes.push(u8::from_str_radix(digits, 16).ok().filter(|_| are_digits)?);
        bytes.extend(rest.bytes());
    }
    String::from_utf8(bytes).ok()
}

fn is_keyspace(text: &str) -> bool {
    text.len() <= LONGEST_KEYSPACE
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= 48 && text.chars().all(is_name_part)
}

fn is_name_part(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-_.".contains(character)
}

/// Returns a host with its port.
fn host(text: &str) -> Option<String> {
    if let Some((address, port)) = text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        address.parse::<Ipv6Addr>().ok()?;
        return Some(format!("[{address}]:{}", port_of(port)?));
    }
    let (name, port) = text.find(':').map_or((text, ""), |colon| text.split_at(colon));
    let is_host =
        name.starts_with(|first: char| first.is_ascii_alphanumeric()) && name.chars().all(is_name_part);
    is_host.then(|| Some(format!("{name}:{}", port_of(port)?))).flatten()
}

/// Reads a port with its colon, or nothing.
fn port_of(text: &str) -> Option<u16> {
    if text.is_empty() {
        return Some(PORT);
    }
    let digits = text.strip_prefix(':').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse().ok().filter(|port| *port > 0)
}

impl fmt::Display for CassandraAddress {
    /// Writes the address without the login.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the keyspace {} in Cassandra at {}", self.keyspace, self.hosts.join(", "))
    }
}

impl fmt::Debug for CassandraAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(address: &str) -> CassandraAddress {
        CassandraAddress::parse(address, None).unwrap()
    }

    fn problem(address: &str) -> String {
        let message = CassandraAddress::parse(address, None).unwrap_err().to_string();
        assert!(!message.contains("secret"), "{message}");
        message.split_once("in this one ").unwrap().1.to_owned()
    }

    #[test]
    fn hosts_keyspace_and_options_are_read() {
        let address = read(
            "cassandra://a,b:1,[::1]:2/games?consistency=local_quorum&datacenter=dc1&replication=5&migrate=true",
        );
        assert_eq!(address.to_string(), "the keyspace games in Cassandra at a:9042, b:1, [::1]:2");
        assert_eq!((address.reach(), address.datacenter()), (Reach::Local, Some("dc1")));
        assert_eq!((address.replication(), address.migrates()), (Some(&Replication::Everywhere(5)), true));
        let plain = read("cassandra://localhost");
        assert_eq!(plain.to_string(), "the keyspace tickseed in Cassandra at localhost:9042");
        assert_eq!((plain.reach(), plain.replication(), plain.migrates()), (Reach::All, None, false));
        let several = read("cassandra://a?replication=dc1:3,dc2:2");
        let expected = vec![("dc1".to_owned(), 3), ("dc2".to_owned(), 2)];
        assert_eq!(several.replication(), Some(&Replication::In(expected)));
    }

    #[test]
    fn a_separate_password_applies_if_the_address_has_none() {
        let login = |address| {
            let address = CassandraAddress::parse(address, Some("beside")).unwrap();
            address.login().map(|login| format!("{} {}", login.user, login.password))
        };
        assert_eq!(login("cassandra://a"), None);
        assert_eq!(login("cassandra://u@a").as_deref(), Some("u beside"));
        assert_eq!(login("cassandra://u:w%40%3a@a").as_deref(), Some("u w@:"));
    }

    #[test]
    fn other_addresses_are_refused_with_the_reason_and_without_the_login() {
        let host = "a host or a port is missing or malformed";
        let early = "there is a / or a ? or a # before the @";
        for (address, expected) in [
            ("redis://a", "the scheme is not that of a Cassandra"),
            ("cassandra://", host),
            ("cassandra://u:secret", host),
            ("cassandra://u:secret@", host),
            ("cassandra://u:secret@a:0", host),
            ("cassandra://u:secret@a:+1", host),
            ("cassandra://a,,b", host),
            ("cassandra://u:sec/ret@a", early),
            ("cassandra://u:sec?secret=1@a", early),
            ("cassandra://:secret@a", "there is an @, but no user before it"),
            ("cassandra://u:secret%4@a", "a % in the login is not followed by two hexadecimal digits"),
            ("cassandra://a?consistency=one", "consistency must be quorum or local_quorum; got one"),
            ("cassandra://a?consistency", "consistency must be quorum or local_quorum; got nothing"),
            ("cassandra://a?migrate=yes", "migrate must be true or false; got yes"),
            (
                "cassandra://a?tls=1",
                "an option must be one of consistency, datacenter, replication, migrate; got tls",
            ),
            (
                "cassandra://a?replication=0",
                "replication must be a number from 1 to 9, or DATACENTER:NUMBER,DATACENTER:NUMBER; got 0",
            ),
            (
                "cassandra://a?consistency=local_quorum",
                "consistency=local_quorum needs datacenter=NAME, the data centre of this server",
            ),
        ] {
            assert_eq!(problem(address), expected, "{address}");
        }
        assert!(problem("cassandra://a/Games").starts_with("the keyspace is not a lower-case letter"));
        assert!(problem("cassandra://a?datacenter=%0a").ends_with("; got something else"));
    }
}
