//! A store that is another process and refuses a server.

use std::future::Future;
use std::time::Duration;

use tickseed_session::acceptance::DEADLINE;
use tickseed_session::error_chain;
use tickseed_store::ConnectError;
use tokio::time::timeout;

/// How long the store may retry: longer than a test may take, so that a store that retries fails the test.
pub(crate) const LONG: Duration = Duration::from_hours(1);

/// Waits for a connection that must be refused at once, and returns the message, in which no secret may be.
pub(crate) async fn refusal<Store>(
    connecting: impl Future<Output = Result<Store, ConnectError>>,
    secrets: &[&str],
) -> String {
    let refused = timeout(DEADLINE, connecting).await.expect("it is refused at once").err();
    let error = refused.expect("the connection is refused");
    assert!(matches!(error, ConnectError::Refused { .. }), "{error:?}");
    let (message, debug) = (error_chain(&error), format!("{error:?}"));
    for secret in secrets {
        assert!(!message.contains(secret) && !debug.contains(secret), "{message} {debug}");
    }
    message
}
