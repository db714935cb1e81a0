//! Each rule, and which of two broken rules is the answer.

use tickseed_engine::{Change, LAST_INSTANT, Rules, Schedule, Seed};

use super::*;
use crate::{NewSession, SessionId, TimeToLive, plain_schedule, scheduled};

/// The time of every request.
const NOW: i64 = 100_000;

/// The rest of the guard beside the notice.
const GUARD: i64 = 1_000;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis).unwrap()
}

fn change((at, tick_ms): (i64, u32)) -> Change {
    Change::new(at, tick_ms).unwrap()
}

fn changes(list: &[(i64, u32)]) -> Vec<Change> {
    list.iter().copied().map(change).collect()
}

/// A session that starts at 0 with ticks of 100 ms and has these changes.
fn session(list: &[(i64, u32)]) -> Session {
    starting_at(0, list)
}

fn starting_at(start_at: i64, list: &[(i64, u32)]) -> Session {
    let new = NewSession {
        created_at: at(0),
        seed: None,
        schedule: plain_schedule(Schedule::new(start_at, 100).unwrap()),
        notice: Notice::NONE,
        rules: Rules::default(),
        metadata: None,
        time_to_live: None,
    };
    let (id, seed) = (SessionId::random(at(0)), Seed::new("a").unwrap());
    let session = Session::create(id, seed, new, TimeToLive::from_seconds(0));
    let schedule = scheduled(&session.schedule, &changes(list)).unwrap();
    Session { schedule, ..session }
}

fn times(notice_ms: u32) -> Times {
    Times::new(at(NOW), Notice::from_millis(notice_ms).unwrap(), GUARD)
}

/// Applies a request to a session without notice.
fn apply_now(session: &Session, request: ScheduleRequest) -> Result<NewSchedule, ScheduleError> {
    apply(session, request, times(0), None)
}

fn when(millis: i64) -> When {
    When { at: Some(at(millis)), replace_later: false }
}

fn replacing(millis: i64) -> When {
    When { at: Some(at(millis)), replace_later: true }
}

fn tick(millis: u32) -> TickMs {
    TickMs::new(millis).unwrap()
}

/// Checks the changes that a request leads to, and that the engine takes them.
fn assert_leads_to(session: &Session, request: ScheduleRequest, expected: &[(i64, u32)]) -> NewSchedule {
    let new = apply_now(session, request).unwrap();
    assert_eq!(new.changes, changes(expected), "{request:?}");
    session.rescheduled(&new.changes).unwrap();
    new
}

fn pause(when: When) -> ScheduleRequest {
    ScheduleRequest::Pause(when)
}

fn resume(when: When) -> ScheduleRequest {
    ScheduleRequest::Resume(when, None)
}

fn rate(when: When, tick_ms: u32) -> ScheduleRequest {
    ScheduleRequest::Rate(when, tick(tick_ms))
}

fn withdraw(from: Option<i64>) -> ScheduleRequest {
    ScheduleRequest::Withdraw(from.map(at))
}

#[test]
fn a_change_without_notice_may_take_effect_now_and_one_with_notice_a_guard_after_it() {
    assert_eq!(times(0), Times { now: at(NOW), earliest: at(NOW), final_until: at(NOW + 500) });
    let earliest = at(NOW + 15_000 + GUARD);
    assert_eq!(times(15_000), Times { now: at(NOW), earliest, final_until: earliest });
}

#[test]
fn a_request_without_an_instant_takes_effect_as_soon_as_possible() {
    assert_leads_to(&session(&[]), pause(When::default()), &[(NOW, 0)]);
    let new = apply(&session(&[]), pause(When::default()), times(15_000), None).unwrap();
    assert_eq!(new.changes, changes(&[(NOW + 16_000, 0)]));
}

#[test]
fn a_request_without_an_instant_follows_a_change_soon_after_the_earliest_instant() {
    for last in [NOW, NOW + 1, NOW + 999] {
        let new =
            assert_leads_to(&session(&[(last, 0)]), resume(When::default()), &[(last, 0), (last + 1, 100)]);
        assert_eq!((new.affects_from, new.withdrawn_from), (at(last + 1), None));
    }
    let past = session(&[(NOW - 1, 0)]);
    assert_leads_to(&past, resume(When::default()), &[(NOW - 1, 0), (NOW, 100)]);
    let far = session(&[(NOW + 1_000, 0)]);
    let error = apply_now(&far, pause(When::default())).unwrap_err();
    assert_eq!(error, ScheduleError::LaterChanges { at: at(NOW), changes: changes(&[(NOW + 1_000, 0)]) });
}

#[test]
fn a_session_that_has_stopped_or_stops_by_then_cannot_change() {
    for stopped_at in [0, NOW - 1, NOW].map(at) {
        let session = session(&[(NOW + 9_000, 0)]).stopped(stopped_at);
        for request in [pause(when(NOW + 1)), resume(when(1)), rate(When::default(), 100), withdraw(None)] {
            assert_eq!(apply_now(&session, request), Err(ScheduleError::Stopped { stopped_at }));
        }
    }
    let stopped_at = at(NOW + 5_000);
    let session = session(&[(NOW + 9_000, 0)]).stopped(stopped_at);
    for millis in [NOW + 5_000, NOW + 20_000] {
        let expected = ScheduleError::StopsBefore { stopped_at, at: at(millis) };
        assert_eq!(apply_now(&session, pause(when(millis))), Err(expected), "before later_changes");
    }
    let stops_before_start = starting_at(NOW + 8_000, &[]).stopped(stopped_at);
    let error = apply_now(&stops_before_start, pause(when(NOW + 6_000))).unwrap_err();
    assert!(matches!(error, ScheduleError::StopsBefore { .. }), "before not_started: {error:?}");
    assert_leads_to(&session, pause(replacing(NOW + 4_999)), &[(NOW + 4_999, 0)]);
    assert_leads_to(&session, withdraw(None), &[]);
}

#[test]
fn a_change_must_be_after_the_start() {
    let session = starting_at(NOW + 3_000, &[]);
    for millis in [0, NOW, NOW + 3_000] {
        let expected = ScheduleError::NotStarted { start_at: at(NOW + 3_000), at: at(millis) };
        assert_eq!(apply_now(&session, pause(when(millis))), Err(expected), "before too_soon");
    }
    let error = apply_now(&session, pause(When::default())).unwrap_err();
    assert!(matches!(error, ScheduleError::NotStarted { .. }), "the default is no exception: {error:?}");
    assert_leads_to(&session, pause(when(NOW + 3_001)), &[(NOW + 3_001, 0)]);
}

#[test]
fn a_change_must_not_be_too_soon() {
    let session = session(&[(NOW + 20_000, 0)]);
    for (notice_ms, earliest) in [(0, NOW), (15_000, NOW + 16_000)] {
        let (request, too_soon, earliest) = (pause(when(earliest - 1)), at(earliest - 1), at(earliest));
        let expected = ScheduleError::TooSoon { earliest, at: too_soon };
        assert_eq!(apply(&session, request, times(notice_ms), None), Err(expected), "before later_changes");
        let request = pause(When { at: Some(earliest), replace_later: true });
        assert!(apply(&session, request, times(notice_ms), None).is_ok());
    }
}

#[test]
fn changes_at_or_after_the_new_one_are_taken_back_only_on_request() {
    let list = [(50, 0), (60, 100), (NOW + 5_000, 0), (NOW + 6_000, 100)];
    let session = session(&list);
    for (millis, later) in [(NOW + 2_000, 2), (NOW + 5_000, 2), (NOW + 5_001, 3), (NOW + 6_000, 3)] {
        let error = apply_now(&session, pause(when(millis))).unwrap_err();
        let changes = changes(&list[later..]);
        assert_eq!(error, ScheduleError::LaterChanges { at: at(millis), changes }, "before already_paused");
    }
    let new =
        assert_leads_to(&session, pause(replacing(NOW + 2_000)), &[(50, 0), (60, 100), (NOW + 2_000, 0)]);
    assert_eq!((new.affects_from, new.withdrawn_from), (at(NOW + 2_000), Some(at(NOW + 5_000))));
    let new = assert_leads_to(
        &session,
        ScheduleRequest::Resume(replacing(NOW + 5_500), Some(tick(50))),
        &[(50, 0), (60, 100), (NOW + 5_000, 0), (NOW + 5_500, 100), (NOW + 5_510, 50)],
    );
    assert_eq!((new.affects_from, new.withdrawn_from), (at(NOW + 5_500), Some(at(NOW + 6_000))));
    assert_leads_to(&session, pause(replacing(NOW + 6_001)), &[&list[..], &[(NOW + 6_001, 0)]].concat());
}

#[test]
fn a_change_without_notice_is_final_half_a_second_before_it_takes_effect() {
    for (millis, is_final) in [(NOW + 500, true), (NOW + 501, false)] {
        let session = session(&[(millis, 0)]);
        for request in
            [pause(replacing(NOW)), rate(replacing(NOW), 100), withdraw(Some(0)), withdraw(Some(millis))]
        {
            let result = apply_now(&session, request);
            let expected = ScheduleError::ChangeFinal { change: change((millis, 0)) };
            assert_eq!(result == Err(expected), is_final, "before same_rate: {result:?}");
        }
        let expected = if is_final { Err(ScheduleError::NothingToWithdraw) } else { Ok(Vec::new()) };
        assert_eq!(apply_now(&session, withdraw(None)).map(|new| new.changes), expected);
    }
}

#[test]
fn a_change_with_notice_is_final_once_it_is_no_longer_after_the_earliest_instant() {
    let earliest = NOW + 16_000;
    for (millis, is_final) in [(earliest, true), (earliest + 1, false)] {
        let session = session(&[(millis, 0)]);
        for request in [pause(replacing(earliest)), withdraw(Some(millis))] {
            let result = apply(&session, request, times(15_000), None);
            let expected = ScheduleError::ChangeFinal { change: change((millis, 0)) };
            assert_eq!(result == Err(expected), is_final, "{result:?}");
        }
    }
}

#[test]
fn withdrawing_takes_back_all_changes_from_an_instant_on_or_all_that_are_not_final() {
    let list = [(50, 0), (NOW + 100, 100), (NOW + 5_000, 0), (NOW + 6_000, 100)];
    let session = session(&list);
    for (from, left) in [(None, 2), (Some(NOW + 101), 2), (Some(NOW + 5_000), 2), (Some(NOW + 5_001), 3)] {
        let new = assert_leads_to(&session, withdraw(from), &list[..left]);
        assert_eq!((new.affects_from, new.withdrawn_from), (at(list[left].0), Some(at(list[left].0))));
    }
    for from in [0, NOW + 100] {
        let first = *list.iter().find(|(at, _)| *at >= from).unwrap();
        let expected = ScheduleError::ChangeFinal { change: change(first) };
        assert_eq!(apply_now(&session, withdraw(Some(from))), Err(expected));
    }
    assert_eq!(apply_now(&session, withdraw(Some(NOW + 6_001))), Err(ScheduleError::NothingToWithdraw));
}

#[test]
fn a_session_that_is_paused_can_only_be_resumed() {
    let list = [(NOW + 1_000, 0)];
    let session = session(&list);
    for request in [pause(when(NOW + 1_001)), rate(when(NOW + 1_001), 50), rate(when(NOW + 1_001), 100)] {
        let expected = ScheduleError::AlreadyPaused { at: at(NOW + 1_001), changes: changes(&list) };
        assert_eq!(apply_now(&session, request), Err(expected), "before same_rate");
    }
    assert_leads_to(&session, resume(when(NOW + 1_001)), &[(NOW + 1_000, 0), (NOW + 1_001, 100)]);
}

#[test]
fn only_a_session_that_is_paused_can_be_resumed() {
    let list = [(50, 0), (60, 100), (NOW + 5_000, 0)];
    let session = session(&list);
    for request in [resume(replacing(NOW + 5_000)), ScheduleRequest::Resume(replacing(NOW), Some(tick(50)))] {
        let error = apply_now(&session, request).unwrap_err();
        let ScheduleError::NotPaused { changes: all, .. } = error else { panic!("{error:?}") };
        assert_eq!(all, changes(&list), "those that would be taken back are in the answer");
    }
}

#[test]
fn a_rate_must_be_another_one() {
    let list = [(50, 0), (60, 100)];
    let session = session(&list);
    let expected = ScheduleError::SameRate { at: at(NOW), tick_ms: 100, changes: changes(&list) };
    assert_eq!(apply_now(&session, rate(when(NOW), 100)), Err(expected));
}

#[test]
fn a_rate_must_differ_from_the_last_one_not_from_the_first() {
    let list = [(50, 0), (60, 100), (210, 30)];
    let session = session(&list);
    let expected = ScheduleError::SameRate { at: at(NOW), tick_ms: 30, changes: changes(&list) };
    assert_eq!(apply_now(&session, rate(when(NOW), 30)), Err(expected));
    assert!(apply_now(&session, rate(when(NOW), 100)).is_ok(), "it is the first one again");
}

#[test]
fn a_rate_begins_where_a_tick_begins() {
    for (asked, begins) in [(NOW, NOW), (NOW + 1, NOW + 100), (NOW + 99, NOW + 100), (NOW + 100, NOW + 100)] {
        let new = assert_leads_to(&session(&[]), rate(when(asked), 50), &[(begins, 50)]);
        assert_eq!((new.affects_from, new.withdrawn_from), (at(begins), None));
    }
    // After a pause of 30 ms, ticks begin 30 ms later.
    let list = [(10, 0), (40, 100)];
    assert_leads_to(&session(&list), rate(when(NOW + 31), 7), &[(10, 0), (40, 100), (NOW + 130, 7)]);
}

#[test]
fn the_rules_go_by_the_instant_that_was_asked_for_not_by_the_next_tick() {
    let list = [(NOW + 50, 0)];
    let error = apply_now(&session(&list), rate(when(NOW + 10), 50)).unwrap_err();
    assert!(matches!(error, ScheduleError::LaterChanges { .. }), "it lies before the next tick: {error:?}");
    let stopped = session(&[]).stopped(at(NOW + 50));
    assert_leads_to(&stopped, rate(when(NOW + 10), 50), &[(NOW + 100, 50)]);
}

#[test]
fn a_session_goes_on_with_the_rate_before_the_pause() {
    let list = [(1_000, 50), (2_020, 0)];
    assert_leads_to(&session(&list), resume(when(NOW)), &[(1_000, 50), (2_020, 0), (NOW, 50)]);
    let same = ScheduleRequest::Resume(when(NOW), Some(tick(50)));
    assert_leads_to(&session(&list), same, &[(1_000, 50), (2_020, 0), (NOW, 50)]);
}

#[test]
fn a_session_that_resumes_with_another_rate_first_ends_its_tick() {
    let other = |millis| ScheduleRequest::Resume(when(millis), Some(tick(70)));
    let within = [(1_030, 0)];
    let new = assert_leads_to(&session(&within), other(NOW), &[(1_030, 0), (NOW, 100), (NOW + 70, 70)]);
    assert_eq!((new.affects_from, new.withdrawn_from), (at(NOW), None));
    let at_the_end = [(1_000, 0)];
    assert_leads_to(&session(&at_the_end), other(NOW), &[(1_000, 0), (NOW, 70)]);
}

/// A session that pauses and resumes until it has this many changes. The last one is in the middle of a tick.
fn with_changes(count: i64) -> Session {
    let list: Vec<_> = (1..=count).map(|n| (n * 10, if n % 2 == 1 { 0 } else { 100 })).collect();
    session(&list)
}

#[test]
fn a_schedule_has_at_most_256_changes() {
    assert_eq!(apply_now(&with_changes(254), pause(when(NOW))).unwrap().changes.len(), 255);
    assert_eq!(apply_now(&with_changes(255), resume(when(NOW))).unwrap().changes.len(), 256);
    let two = ScheduleRequest::Resume(when(NOW), Some(tick(7)));
    assert_eq!(apply_now(&with_changes(255), two), Err(ScheduleError::Full { count: 257 }));
    assert_eq!(apply_now(&with_changes(256), pause(when(NOW))), Err(ScheduleError::Full { count: 257 }));
    let error = apply_now(&with_changes(256), rate(when(NOW), 100)).unwrap_err();
    assert!(matches!(error, ScheduleError::SameRate { .. }), "before schedule_full: {error:?}");
}

#[test]
fn changes_that_are_taken_back_make_room() {
    let list: Vec<_> = (1..=256).map(|n| (NOW + n * 1_000, if n % 2 == 1 { 0 } else { 100 })).collect();
    let new = assert_leads_to(&session(&list), pause(replacing(NOW + 600)), &[(NOW + 600, 0)]);
    assert_eq!(new.affects_from, at(NOW + 600));
}

#[test]
fn a_repeated_attempt_takes_back_nothing_that_the_first_did_not_see() {
    let list = [(NOW + 5_000, 0), (NOW + 6_000, 100)];
    let session = session(&list);
    let repeated = |request, seen: &[(i64, u32)]| apply(&session, request, times(0), Some(&changes(seen)));
    for request in [pause(replacing(NOW + 2_000)), withdraw(Some(NOW + 2_000)), withdraw(None)] {
        assert!(repeated(request, &list).is_ok());
        for seen in [&list[..1], &[], &[(NOW + 5_000, 0), (NOW + 6_001, 100)]] {
            let error = repeated(request, seen).unwrap_err();
            let ScheduleError::NewLaterChanges { changes: there, .. } = error else { panic!("{error:?}") };
            assert_eq!(there, changes(&list), "{request:?}");
        }
    }
    let error = repeated(pause(replacing(NOW + 5_500)), &list[..1]).unwrap_err();
    assert!(matches!(error, ScheduleError::NewLaterChanges { .. }), "{error:?}");
    assert!(repeated(pause(replacing(NOW + 7_000)), &[]).is_ok(), "it takes nothing back");
}

#[test]
fn a_repeated_attempt_says_that_changes_are_there_before_it_says_that_they_are_final() {
    let session = session(&[(NOW + 200, 0)]);
    for request in [pause(replacing(NOW)), withdraw(Some(NOW))] {
        let error = apply(&session, request, times(0), Some(&[])).unwrap_err();
        assert!(matches!(error, ScheduleError::NewLaterChanges { .. }), "{error:?}");
    }
}

#[test]
fn a_rate_must_begin_by_the_year_9999() {
    let late = LAST_INSTANT - 10;
    let session = starting_at(LAST_INSTANT - 1_050, &[]);
    let times = Times::new(at(late), Notice::NONE, GUARD);
    let request = rate(when(late), 50);
    assert_eq!(apply(&session, request, times, None), Err(ScheduleError::NoNextTick { at: at(late) }));
}
