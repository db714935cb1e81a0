use tickseed_session::{READY_CLOCK_DISTANCE, SystemClock};

use super::*;
use crate::redis::topology::Topology;

const NEAR: i64 = 0;
const FAR: i64 = 400_000;

/// Promises about a cluster of two masters: the names `localhost:1` and `localhost:2`.
fn promises(setting: Option<StoreLoss>) -> Promises {
    let parts = Parts::new(true);
    parts.assign(&Topology::for_test(1, &[(1, 0, 8_000), (2, 8_001, 16_383)]));
    Promises::new(Arc::new(SystemClock), Arc::new(parts), setting)
}

fn name(part: u16) -> String {
    format!("localhost:{}", part + 1)
}

fn master(part: u16) -> Measured {
    Measured { name: name(part), node: format!("node {part}") }
}

/// Notes that the clock of a part is ahead by this much.
fn measure(promises: &Promises, part: u16, ahead_us: i64) {
    let now = ClockReading::now(&SystemClock);
    let measured = Measurement::new(now, now.time_us + ahead_us, now);
    promises.note_clock(FeedPart(part), &master(part), measured);
}

fn note(promises: &Promises, part: u16, loss: Loss) {
    assert!(promises.note_loss(&promises.ask_loss(&name(part)), loss));
}

fn lose(promises: &Promises, part: u16, millis: Option<u64>) {
    let most = millis.map(Duration::from_millis);
    note(promises, part, Loss { least: most.unwrap_or_default(), most });
}

fn is_certain(promises: &Promises, part: u16) -> bool {
    let part = FeedPart(part);
    assert_eq!(promises.certain(part).is_some(), promises.proved(part).is_some());
    promises.certain(part).is_some()
}

#[test]
fn a_promise_needs_the_clock_and_the_loss_of_the_own_part() {
    let promises = promises(None);
    assert!(!is_certain(&promises, 0) && !promises.terms(FeedPart(0)).is_clock_sure);
    measure(&promises, 0, NEAR);
    assert!(!is_certain(&promises, 0), "it has not been asked what it can lose");
    assert!(!promises.terms(FeedPart(0)).is_clock_sure);
    lose(&promises, 0, None);
    assert!(!is_certain(&promises, 0), "it does not know what it can lose");
    assert_eq!(promises.terms(FeedPart(0)), Terms { loss: Duration::ZERO, is_clock_sure: true });
    lose(&promises, 0, Some(0));
    assert!(is_certain(&promises, 0) && !is_certain(&promises, 1));
    promises.forget_loss(&name(0));
    assert!(!is_certain(&promises, 0) && !promises.terms(FeedPart(0)).is_clock_sure);
}

#[test]
fn the_farthest_clock_and_the_greatest_loss_count() {
    let promises = promises(None);
    for part in [0, 1] {
        measure(&promises, part, NEAR);
        lose(&promises, part, Some(u64::from(part) * 2_000));
    }
    assert!(is_certain(&promises, 0));
    assert_eq!(promises.terms(FeedPart(0)).loss, Duration::from_secs(2));
    lose(&promises, 1, None);
    assert!(!is_certain(&promises, 0), "the session may move to the other master");
    lose(&promises, 1, Some(0));
    measure(&promises, 1, FAR);
    assert!(!is_certain(&promises, 0) && !promises.terms(FeedPart(0)).is_clock_sure);
    promises.keep_clocks(&[name(0)]);
    assert!(is_certain(&promises, 0));
    lose(&promises, 1, None);
    promises.keep_losses(&[name(0)]);
    assert!(is_certain(&promises, 0));
}

#[test]
fn the_setting_counts_only_where_the_loss_is_not_known() {
    let promises = promises(StoreLoss::from_millis(5_000).ok());
    measure(&promises, 0, NEAR);
    lose(&promises, 0, None);
    assert!(is_certain(&promises, 0));
    assert_eq!(promises.terms(FeedPart(0)).loss, Duration::from_secs(5));
    lose(&promises, 0, Some(2_000));
    assert_eq!(promises.terms(FeedPart(0)).loss, Duration::from_secs(2));
}

#[test]
fn no_setting_makes_the_loss_less_than_what_is_known() {
    let everysec_with_replicas = Loss { least: Duration::from_secs(2), most: None };
    for (setting_ms, expected) in [(None, 2), (Some(500), 2), (Some(5_000), 5)] {
        let promises = promises(setting_ms.and_then(|millis| StoreLoss::from_millis(millis).ok()));
        measure(&promises, 0, NEAR);
        note(&promises, 0, everysec_with_replicas);
        assert_eq!(is_certain(&promises, 0), setting_ms.is_some());
        let terms = Terms { loss: Duration::from_secs(expected), is_clock_sure: true };
        assert_eq!(promises.terms(FeedPart(0)), terms, "{setting_ms:?}");
    }
}

#[test]
fn only_a_node_whose_clock_has_been_measured_decides() {
    let promises = promises(None);
    assert_eq!(promises.decider(FeedPart(0)), ANY_NODE, "nobody measures clocks");
    measure(&promises, 0, NEAR);
    assert_eq!([0, 1].map(|part| promises.decider(FeedPart(part))), ["node 0", NO_NODE]);
    assert_eq!(["node 0", "node 1", ""].map(|node| promises.may_decide(node)), [true, false, false]);
    measure(&promises, 1, FAR);
    assert!(!promises.may_decide("node 1"), "its clock is too far away");
    promises.keep_clocks(&[name(1)]);
    assert_eq!(promises.decider(FeedPart(0)), NO_NODE);
}

#[test]
fn each_change_of_a_clock_gets_one_line() {
    let promises = promises(None);
    let lines = |now: ClockReading| {
        let changes = promises.changes(now);
        changes.into_iter().map(|(name, line)| format!("{name} {line:?}")).collect::<Vec<_>>()
    };
    let now = || ClockReading::now(&SystemClock);
    assert_eq!(lines(now()), [""; 0]);
    for (ahead_us, words) in [(NEAR, None), (FAR, Some("may be 400 ms")), (NEAR, Some("agrees"))] {
        measure(&promises, 0, ahead_us);
        let first = lines(now());
        assert_eq!(first.len(), usize::from(words.is_some()), "{first:?}");
        assert!(words.is_none_or(|words| first[0].contains(words)), "{first:?}");
        assert_eq!(lines(now()), [""; 0], "once");
    }
    let later = ClockReading { uptime: now().uptime + Duration::from_secs(3), ..now() };
    assert!(lines(later)[0].contains("localhost:1 Warning(\"has not told its time"));
    assert_eq!(lines(later), [""; 0], "once");
}

#[test]
fn the_farthest_clock_of_the_cluster_decides_whether_the_server_is_ready() {
    let promises = promises(None);
    assert_eq!(promises.clock_distance(), None, "nothing has been measured");
    let is_near = || promises.clock_distance().is_some_and(|distance| distance <= READY_CLOCK_DISTANCE);
    measure(&promises, 0, NEAR);
    assert!(is_near());
    measure(&promises, 1, -200_000);
    assert!(!is_near(), "one node whose clock is off is enough");
    promises.keep_clocks(&[name(0)]);
    assert!(is_near(), "it is no master any more");
}

#[test]
fn a_clock_that_makes_the_server_unready_gets_one_line() {
    let promises = promises(None);
    let now = ClockReading::now(&SystemClock);
    for (ahead_us, words) in [(200_000, "may be 200 ms"), (NEAR, "agrees with this server's again\")")] {
        measure(&promises, 0, ahead_us);
        let lines = promises.changes(ClockReading::now(&SystemClock));
        assert!(lines.len() == 1 && format!("{lines:?}").contains(words), "{lines:?}");
        assert!(promises.changes(now).is_empty(), "once");
    }
}

#[test]
fn the_feed_has_proved_no_more_than_the_oldest_answer_of_a_master() {
    let promises = promises(None);
    let now = ClockReading::now(&SystemClock);
    for (part, ago_ms) in [(0, 0_u32), (1, 30)] {
        let then = ClockReading {
            time_us: now.time_us - i64::from(ago_ms) * 1_000,
            uptime: now.uptime.saturating_sub(Duration::from_millis(ago_ms.into())),
        };
        let measured = Measurement::new(then, then.time_us, then);
        promises.note_clock(FeedPart(part), &master(part), measured);
        lose(&promises, part, Some(0));
    }
    let proved = promises.proved(FeedPart(0)).unwrap();
    assert_eq!(proved, now.time().before(Duration::from_millis(30)));
    assert!(promises.certain(FeedPart(0)) >= Some(now.time()));
}
