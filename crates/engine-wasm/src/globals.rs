//! The data that the module keeps between calls from JavaScript.

use alloc::boxed::Box;
use alloc::string::String;
use core::mem;

use atomic_refcell::{AtomicRefCell, AtomicRefMut};
use slab::Slab;
use tickseed_engine::{Draw, Error};

use crate::error_numbers::{ERROR_PARTS, error_numbers};
use crate::scheduled_timeline::ScheduledTimeline;

/// The result of a function whose input is invalid. All other results are positive, 0 or NaN.
pub(crate) const INVALID_INPUT: f64 = -1.0;

/// The open timelines and draws, each under its handle, and the data that passes between two calls.
///
/// The entries are boxed, so a table that grows moves only pointers and leaves no large holes in memory.
pub(crate) struct Globals {
    pub(crate) timelines: Slab<Box<ScheduledTimeline>>,
    pub(crate) draws: Slab<Box<Draw>>,
    /// The characters written since a timeline or a draw was last opened.
    pub(crate) text: String,
    /// The most recent error.
    pub(crate) last_error: [f64; ERROR_PARTS],
}

static GLOBALS: AtomicRefCell<Globals> = AtomicRefCell::new(Globals {
    timelines: Slab::new(),
    draws: Slab::new(),
    text: String::new(),
    last_error: [0.0; ERROR_PARTS],
});

/// Borrows the globals. This never conflicts, because JavaScript makes one call at a time and no function calls back.
pub(crate) fn globals() -> AtomicRefMut<'static, Globals> {
    GLOBALS.borrow_mut()
}

impl Globals {
    /// Returns the written text and clears it.
    pub(crate) fn take_text(&mut self) -> String {
        mem::take(&mut self.text)
    }

    /// Converts a result for JavaScript. Stores an error, so that JavaScript can ask for its parts.
    pub(crate) fn number_or_error(&mut self, result: Result<f64, Error>) -> f64 {
        result.unwrap_or_else(|error| {
            self.last_error = error_numbers(&error);
            INVALID_INPUT
        })
    }
}
