//! The file's description of itself. These texts are part of `vectors/schedule-v1.json` and therefore frozen.

use crate::vectors::ScheduleAbout;

pub(super) fn about() -> ScheduleAbout {
    ScheduleAbout {
        what: WHAT.to_owned(),
        stability: STABILITY.to_owned(),
        regenerate: REGENERATE.to_owned(),
        notation: NOTATION.to_owned(),
        inputs: INPUTS.to_owned(),
        schedules: SCHEDULES.to_owned(),
        refused: REFUSED.to_owned(),
    }
}

const WHAT: &str = "Test vectors of schedules with changes: pauses, resumptions and changes of rate. docs/schedule.md, section 1, \
    defines them; an implementation of this engine version must give every answer below. They are made by the plain reference in \
    crates/reference/src/reference, not by the engine that the product uses.";

const STABILITY: &str = "A vector never changes within its engine version, and cases are only ever added. Code that gives another \
    answer is wrong, or is another engine version with a file of its own.";

const REGENERATE: &str = "cargo run -p tickseed-reference --bin make-vectors";

const NOTATION: &str = "One case a line. Steps, instants and other numbers that may exceed 2^32 are decimal strings, since JSON \
    readers may round large numbers; 32-bit numbers are numbers. Every case holds its whole input. 'why' says what is special about \
    the case and has no other meaning.";

const INPUTS: &str = "start_at: when step 0 begins, in milliseconds since 1970-01-01T00:00:00Z, 0 to 253402300799999 (the end of \
    the year 9999). tick_ms: the length of a tick at the start, 1 to 86400000 ms. changes: a list of at most 256; at: the instant at \
    which the change takes effect, in the same form as start_at; tick_ms: the length of a tick from then on, up to 86400000 ms, or 0 \
    for a pause.";

const SCHEDULES: &str = "Valid lists. instants: the step at each instant now, which is missing before the start, and whether the \
    session is paused. steps: the time at which each step begins. If it never begins, never says why and last is the last step that \
    does: paused, because the session is paused for good before; year_9999, because it begins after that year.";

const REFUSED: &str = "Invalid lists. error.index: the change, counted from 0. error.rule: what it breaks. out_of_range: field, \
    value and the range min to max; field is schedule for the number of changes, and there is no index then. not_later: at, which \
    must be after previous, the change before or the start. no_change: tick_ms, which is that already. within_tick: a new length of \
    ticks where phase ms of a tick of rate ms have passed. A change is checked in this order, and the first change that breaks a rule \
    is the error.";
