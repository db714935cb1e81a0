//! Requests about one key, and their way to the node of a cluster that keeps it.

use deadpool_redis::redis::aio::{ConnectionLike, ConnectionManager};
use deadpool_redis::redis::{
    Cmd, FromRedisValue, Pipeline, RedisFuture, RedisResult, ScriptInvocation, Value, cmd, from_redis_value,
    pipe,
};

/// A request about one key.
#[derive(Clone, Copy)]
pub(super) enum Request<'request> {
    Command(&'request Cmd),
    /// Commands in a row, of which the answer to the last one is wanted. A command is carried out even if one before it fails.
    Commands(&'request Pipeline),
    Script(&'request ScriptInvocation<'request>),
}

impl Request<'_> {
    /// Sends it and waits for the answer.
    pub(super) async fn send<T: FromRedisValue>(
        self,
        connection: &mut (impl ConnectionLike + Send),
    ) -> RedisResult<T> {
        match self {
            Self::Command(command) => command.query_async(connection).await,
            Self::Commands(commands) => send_in_a_row(commands, connection).await,
            Self::Script(script) => script.invoke_async(connection).await,
        }
    }
}

/// Sends commands at once, and returns the first error or else the answer to the last command.
async fn send_in_a_row<T: FromRedisValue>(
    commands: &Pipeline,
    connection: &mut (impl ConnectionLike + Send),
) -> RedisResult<T> {
    let mut last = Value::Nil;
    for answer in connection.req_packed_commands(commands, 0, commands.len()).await? {
        last = answer.extract_error()?;
    }
    Ok(from_redis_value(last)?)
}

/// A connection to a node that is about to receive a slot. It answers only after ASKING.
pub(super) struct Asking(pub(super) ConnectionManager);

impl ConnectionLike for Asking {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        let mut both = pipe();
        both.add_command(cmd("ASKING")).add_command(command.clone());
        Box::pin(async move {
            let mut answers = self.0.send_packed_commands(&both, 1, 1).await?;
            Ok(answers.pop().unwrap_or(Value::Nil))
        })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        self.0.req_packed_commands(pipeline, offset, count)
    }

    fn get_db(&self) -> i64 {
        self.0.get_db()
    }
}
