//! Why Redis refuses a request although it answers.

use deadpool_redis::redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::write_health::Cause;

/// Why Redis refuses a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WriteFault {
    /// It has no memory left, and may not evict anything.
    Full,
    /// It is a replica.
    ReadOnly,
    /// Fewer replicas are connected than its settings demand.
    TooFewReplicas,
    /// It cannot save to its disk, and its settings forbid writes then.
    NotSaved,
    /// It does not accept the password or the user.
    LoginRefused,
    /// The user lacks a permission.
    NotPermitted,
    /// Anything else that Redis says.
    Other,
}

/// What the answers of Redis begin with. Redis 6 quotes them within the error of a script.
const CODES: [(&str, WriteFault); 7] = [
    ("OOM", WriteFault::Full),
    ("READONLY", WriteFault::ReadOnly),
    ("NOREPLICAS", WriteFault::TooFewReplicas),
    ("MISCONF", WriteFault::NotSaved),
    ("NOAUTH", WriteFault::LoginRefused),
    ("WRONGPASS", WriteFault::LoginRefused),
    ("NOPERM", WriteFault::NotPermitted),
];

/// What Redis says of a command in a script that the user may not run.
const NOT_PERMITTED_IN_SCRIPT: &str = "The user executing the script can't";

impl WriteFault {
    /// Returns the fault behind an answer, if it is about more than one session and lasts.
    pub(super) fn of(error: &RedisError) -> Option<Self> {
        match error.kind() {
            ErrorKind::AuthenticationFailed => return Some(Self::LoginRefused),
            // The cluster is about to change, or the session is moving.
            ErrorKind::Server(
                ServerErrorKind::Ask
                | ServerErrorKind::BusyLoading
                | ServerErrorKind::ClusterDown
                | ServerErrorKind::MasterDown
                | ServerErrorKind::Moved
                | ServerErrorKind::NoScript
                | ServerErrorKind::TryAgain,
            ) => return None,
            ErrorKind::Server(_) | ErrorKind::Extension => {}
            _ => return None,
        }
        let text = format!("{} {error}", error.code().unwrap_or_default());
        let says = |code: &str| text.split(|part: char| !part.is_ascii_uppercase()).any(|word| word == code);
        // Reads fail as well while it is out of connections, or busy with somebody's script.
        if says(WRONG_TYPE) || says("BUSY") || text.contains("max number of clients") {
            return None;
        }
        let known = CODES.iter().find(|(code, _)| says(code)).map(|(_, fault)| *fault);
        let in_script = text.contains(NOT_PERMITTED_IN_SCRIPT).then_some(Self::NotPermitted);
        Some(known.or(in_script).unwrap_or(Self::Other))
    }

    /// Returns the fault in words.
    pub(super) const fn cause(self) -> Cause {
        let (phrase, remedy) = match self {
            Self::Full => ("Redis is full", "raise its maxmemory, or delete what else it keeps"),
            Self::ReadOnly => ("Redis is read-only", "it is a replica: --store must name a master"),
            Self::TooFewReplicas => (
                "Redis has too few replicas to accept writes",
                "start its replicas, or lower its min-replicas-to-write",
            ),
            Self::NotSaved => {
                ("Redis cannot save to its disk", "its log says why; it may be that its disk is full")
            }
            Self::LoginRefused => (
                "Redis refuses the login of this server",
                "check the user and the password, and start the server again with the right ones",
            ),
            Self::NotPermitted => (
                "Redis denies this server a permission",
                "give its user the permissions that docs/operations.md lists",
            ),
            Self::Other => ("Redis refuses writes", "its answer says why"),
        };
        Cause { phrase, remedy }
    }
}

/// The code of the answer for a key that holds something other than a string.
const WRONG_TYPE: &str = "WRONGTYPE";

/// Returns whether a key holds something that no server has stored there.
pub(super) fn is_wrong_type(error: &RedisError) -> bool {
    error.code() == Some(WRONG_TYPE) || error.to_string().contains(WRONG_TYPE)
}

#[cfg(test)]
mod tests {
    use deadpool_redis::redis::{Value, parse_redis_value};

    use super::*;

    fn error(line: &str) -> RedisError {
        match parse_redis_value(format!("-{line}\r\n").as_bytes()) {
            Ok(Value::ServerError(error)) => error.into(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn answers_of_redis_6_and_7_have_a_cause() {
        use WriteFault::{Full, LoginRefused, NotPermitted, NotSaved, Other, ReadOnly, TooFewReplicas};
        for (answer, fault) in [
            ("OOM command not allowed when used memory > 'maxmemory'.", Full),
            ("OOM command not allowed when used memory > 'maxmemory'. script: 1f, on @user_script:17.", Full),
            (
                "ERR Error running script (call to f_1f): @user_script:17: @user_script: 17: -OOM command not allowed \
                 when used memory > 'maxmemory'.",
                Full,
            ),
            ("@user_script: 17: -OOM command not allowed when used memory > 'maxmemory'.", Full),
            ("READONLY You can't write against a read only replica.", ReadOnly),
            ("NOREPLICAS Not enough good replicas to write.", TooFewReplicas),
            ("MISCONF Redis is configured to save RDB snapshots, but", NotSaved),
            ("NOAUTH Authentication required.", LoginRefused),
            ("WRONGPASS invalid username-password pair or user is disabled.", LoginRefused),
            ("NOPERM this user has no permissions to run the 'set' command", NotPermitted),
            (
                "ERR The user executing the script can't run this command or subcommand script: 1f",
                NotPermitted,
            ),
            ("ERR something new", Other),
        ] {
            assert_eq!(WriteFault::of(&error(answer)), Some(fault), "{answer}");
        }
    }

    #[test]
    fn answers_about_one_session_or_a_moment_have_none() {
        for answer in [
            "WRONGTYPE Operation against a key holding the wrong kind of value",
            "ERR Error running script (call to f_1f): @user_script:3: WRONGTYPE Operation against a key",
            "MOVED 3999 127.0.0.1:6381",
            "TRYAGAIN Multiple keys request during rehashing of slot",
            "LOADING Redis is loading the dataset in memory",
            "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
            "ERR max number of clients reached",
        ] {
            assert_eq!(WriteFault::of(&error(answer)), None, "{answer}");
        }
        assert!(is_wrong_type(&error("WRONGTYPE Operation against a key holding the wrong kind of value")));
    }
}
