//! Connects to the first of several hosts that accepts writes.

use std::time::Duration;

use deadpool_postgres::tokio_postgres::tls::MakeTlsConnect;
use deadpool_postgres::tokio_postgres::{Client, Config, Connection, Error, Socket};
use futures_util::future::select_ok;
use tokio::time::sleep;
use tokio_postgres_rustls::MakeRustlsConnect;

pub(super) type TlsStream = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

/// How long making a connection may take, with TLS and the login. Requests do not wait so long.
pub(super) const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// How long after an attempt at one host the attempt at the next one begins, if there is no outcome yet. The driver would wait for a
/// host that has vanished until the system gives up, which takes minutes.
const NEXT_AFTER: Duration = Duration::from_millis(300);

/// Connects to the hosts in turn, without waiting long for any, until one accepts writes.
pub(super) async fn connect_to_one(
    hosts: &[Config],
    tls: &MakeRustlsConnect,
) -> Result<(Client, Connection<Socket, TlsStream>), Error> {
    let attempts = (0_u32..).zip(hosts).map(|(place, host)| {
        Box::pin(async move {
            sleep(NEXT_AFTER * place).await;
            host.connect(tls.clone()).await
        })
    });
    // An address has at least one host.
    select_ok(attempts).await.map(|(connected, _)| connected)
}
