//! The digests recorded when an engine version was released.

use crate::order::Order;

const VERSION_1: &str = include_str!("../digests/v1.txt");
const SCHEDULES_OF_VERSION_1: &str = include_str!("../digests/schedule-v1.txt");

/// Returns the digests of version 1 in one order, as pairs of a number of states and a digest in hexadecimal, fewest states
/// first.
///
/// # Panics
///
/// If the file is malformed.
pub fn version_1(order: Order) -> impl Iterator<Item = (u64, &'static str)> {
    let of_this_order = move |line: &'static str| line.strip_prefix(order.as_str())?.strip_prefix(' ');
    let file = match order {
        Order::Scattered | Order::Walk => VERSION_1,
        Order::Schedules => SCHEDULES_OF_VERSION_1,
    };
    file.lines().filter_map(of_this_order).map(|line| {
        let (states, digest) = line.split_once(' ').expect("a number of states and a digest");
        (states.parse().expect("a number of states"), digest)
    })
}
