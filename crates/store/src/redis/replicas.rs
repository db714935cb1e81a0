//! Whether another Redis may take the place of one, with fewer writes than that has acknowledged.

use deadpool_redis::redis::aio::MultiplexedConnection;
use deadpool_redis::redis::{RedisResult, cmd};

/// Asks a Redis, whose output of INFO is known, whether it has replicas. Returns `None` if it does not say.
pub(super) async fn ask(
    connection: &mut MultiplexedConnection,
    information: &str,
) -> RedisResult<Option<bool>> {
    let connected = are_connected(information);
    if !information.lines().any(|line| line == "cluster_enabled:1") {
        return Ok(connected);
    }
    // A replica that is not connected at the moment may be back when its master fails.
    let nodes: RedisResult<String> = cmd("CLUSTER").arg("NODES").query_async(connection).await;
    match nodes {
        Ok(nodes) => Ok(connected.and_then(|connected| Some(connected || are_listed(&nodes)?))),
        Err(error) if error.is_io_error() || error.is_timeout() => Err(error),
        Err(_) => Ok(None),
    }
}

/// Reads the output of INFO. A replica has no say about its own replicas.
fn are_connected(information: &str) -> Option<bool> {
    let field = |name: &str| information.lines().find_map(|line| line.strip_prefix(name));
    if field("role:")? != "master" {
        return None;
    }
    let replicas: u32 = field("connected_slaves:")?.parse().ok()?;
    Some(replicas > 0)
}

/// Reads the output of CLUSTER NODES: one line for each node, with its id, its address, its flags, and its master.
fn are_listed(nodes: &str) -> Option<bool> {
    let nodes: Vec<Vec<&str>> = nodes.lines().map(|line| line.split(' ').collect()).collect();
    let has_flag =
        |node: &[&str], flag| node.get(2).is_some_and(|flags| flags.split(',').any(|known| known == flag));
    let myself = *nodes.iter().find(|node| has_flag(node, "myself"))?.first()?;
    Some(nodes.iter().any(|node| has_flag(node, "slave") && node.get(3) == Some(&myself)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn info_tells_how_many_replicas_are_connected() {
        for (information, expected) in [
            ("role:master\r\nconnected_slaves:0\r\n", Some(false)),
            ("role:master\r\nconnected_slaves:2\r\n", Some(true)),
            ("role:slave\r\nconnected_slaves:0\r\n", None),
            ("role:master\r\n", None),
            ("", None),
        ] {
            assert_eq!(are_connected(information), expected, "{information}");
        }
    }

    #[test]
    fn replicas_that_are_down_are_listed_as_well() {
        const NODES: &str = "\
            aa 127.0.0.1:1@10001 myself,master - 0 0 1 connected 0-8000\n\
            bb 127.0.0.1:2@10002 master - 0 0 2 connected 8001-16383\n\
            cc 127.0.0.1:3@10003 slave,fail bb 0 0 2 disconnected\n";
        assert_eq!(are_listed(NODES), Some(false));
        assert_eq!(are_listed(&NODES.replace("fail bb", "fail aa")), Some(true));
        assert_eq!(are_listed(""), None);
    }
}
