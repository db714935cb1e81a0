//! The digests that were written down when a version of the engine was made.

use crate::Order;

const VERSION_1: &str = include_str!("../digests/v1.txt");

/// Those of version 1 for one order: numbers of states, ascending, and the digests in hexadecimal.
///
/// # Panics
///
/// If the file is not what it is meant to be.
pub fn version_1(order: Order) -> impl Iterator<Item = (u64, &'static str)> {
    let of_this_order = move |line: &'static str| line.strip_prefix(order.as_str())?.strip_prefix(' ');
    VERSION_1.lines().filter_map(of_this_order).map(|line| {
        let (states, digest) = line.split_once(' ').expect("a number of states and a digest");
        (states.parse().expect("a number of states"), digest)
    })
}
