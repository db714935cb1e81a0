//! Tells the mistakes in an address, which a server reports at once, from failures that may pass.

use std::error::Error;
use std::io;
use std::sync::Arc;

use deadpool_redis::redis::{
    ConnectionAddr, ConnectionInfo, ErrorKind, RedisConnectionInfo, RedisError, ServerErrorKind, cmd,
};

use super::RedisAddress;
use super::driver::connect;
use super::step::{FailedStep, Step};
use crate::remote::connect::Failure;

/// Returns which part of the address is wrong, if that is why Redis cannot be used. Trying again would not help then.
pub(super) async fn find(failure: &Failure, address: &RedisAddress) -> Option<String> {
    let FailedStep { step, error } = failure.downcast_ref()?;
    if let Some(mistake) = in_answer(*step, error, address) {
        return Some(mistake.to_owned());
    }
    let has_no_answer =
        error.kind() == ErrorKind::Parse || error.is_timeout() || error.is_connection_dropped();
    let may_be_tls = has_no_answer && !error.is_connection_refusal() || tls_error(error).is_some();
    let node = address.nodes().first()?;
    if *step == Step::Connect && may_be_tls && answers_the_other_way(node).await {
        let (with, scheme) = if is_tls(node) { ("without", "redis") } else { ("with", "rediss") };
        let scheme = if address.is_cluster() { format!("{scheme}+cluster") } else { scheme.to_owned() };
        return Some(format!("it answers only {with} TLS; the scheme must be {scheme}://"));
    }
    let is_other_protocol = error.kind() == ErrorKind::Parse && *step == Step::Connect;
    is_other_protocol
        .then(|| "something else than Redis answers there; check the host and the port".to_owned())
}

/// Returns the mistake that an error message of Redis, or an error of TLS, is about.
fn in_answer(step: Step, error: &RedisError, address: &RedisAddress) -> Option<&'static str> {
    let has_password = address.nodes().iter().any(|node| node.redis_settings().password().is_some());
    match (error.kind(), error.code()) {
        (ErrorKind::RESP3NotSupported, _) => return Some("it is older than Redis 6"),
        (_, Some("NOAUTH")) if !has_password => {
            return Some("it demands a password; set REDIS_PASSWORD");
        }
        (ErrorKind::AuthenticationFailed, _) | (_, Some("NOAUTH" | "WRONGPASS")) => {
            return Some(
                "it refuses the login; check the user in the address, and the password there or in REDIS_PASSWORD",
            );
        }
        (_, Some("NOPERM")) => return Some("its user lacks a permission that this server needs"),
        (_, Some("DENIED")) => return Some("its protected mode admits only its own machine"),
        _ => {}
    }
    if matches!(tls_error(error), Some(rustls::Error::InvalidCertificate(_))) {
        return Some(
            "its certificate is not trusted; check the host, and the CA certificates in SSL_CERT_FILE",
        );
    }
    if system_error(error).is_some_and(|error| !error.is::<io::Error>()) {
        return Some("TLS cannot be set up; check the file in SSL_CERT_FILE, and the host");
    }
    let ErrorKind::Server(kind) = error.kind() else { return None };
    match (step, kind) {
        (Step::Select, ServerErrorKind::ResponseError) => {
            Some("it does not have the database whose number is in the address")
        }
        (Step::FindMasters, ServerErrorKind::ResponseError) => {
            Some("it is not part of a cluster; the scheme must not end with +cluster")
        }
        (Step::Read, ServerErrorKind::Moved | ServerErrorKind::Ask | ServerErrorKind::ClusterDown) => {
            Some("it is part of a cluster; the scheme must end with +cluster")
        }
        _ => None,
    }
}

/// Returns the cause that the driver has got from elsewhere: from the system, or from TLS before it connects.
fn system_error(error: &RedisError) -> Option<&(dyn Error + Send + Sync + 'static)> {
    if !error.is_io_error() {
        return None;
    }
    error.source()?.downcast_ref::<Arc<dyn Error + Send + Sync>>().map(|error| &**error)
}

/// Returns the error of TLS during a handshake.
fn tls_error(error: &RedisError) -> Option<&rustls::Error> {
    system_error(error)?.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref()
}

fn is_tls(node: &ConnectionInfo) -> bool {
    matches!(node.addr(), ConnectionAddr::TcpTls { .. })
}

/// Returns whether a Redis answers with TLS although the address is without, or the other way round. Sends no login, because the
/// address forbids to send it without TLS.
async fn answers_the_other_way(node: &ConnectionInfo) -> bool {
    let address = match node.addr().clone() {
        ConnectionAddr::TcpTls { host, port, .. } => ConnectionAddr::Tcp(host, port),
        ConnectionAddr::Tcp(host, port) => {
            ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
        }
        other => other,
    };
    let node = node.clone().set_addr(address).set_redis_settings(RedisConnectionInfo::default());
    let answer = async { cmd("PING").exec_async(&mut connect(node).await?).await };
    match answer.await {
        Ok(()) => true,
        Err(error) => {
            matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension) || is_answer_of_tls(&error)
        }
    }
}

fn is_answer_of_tls(error: &RedisError) -> bool {
    use rustls::Error::{AlertReceived, InvalidCertificate};
    matches!(tls_error(error), Some(AlertReceived(_) | InvalidCertificate(_)))
}
