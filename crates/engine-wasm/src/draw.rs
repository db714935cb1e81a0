//! Shared dice for JavaScript: the random words of one step and one channel.
//!
//! A number, the handle, identifies a draw from [`open_draw`] to [`close_draw`]. Results are numbers, as for a
//! [timeline](crate::timeline).

use alloc::boxed::Box;

use tickseed_engine::{Channel, Draw, Error};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::globals::{Globals, globals};
use crate::numbers::{handle_to_number, to_integer, to_step};

/// Opens the draw of a step, positioned at its first word, on the channel that the [written](crate::text::write()) text
/// names.
///
/// Returns the handle, or -1 if the step or the channel is invalid.
#[wasm_bindgen(js_name = openDraw)]
#[must_use]
pub fn open_draw(timeline: usize, step: f64) -> f64 {
    let globals = &mut *globals();
    let opened = globals.open_draw(timeline, step);
    globals.number_or_error(opened)
}

/// Closes a draw. A later draw may get the same handle.
#[wasm_bindgen(js_name = closeDraw)]
pub fn close_draw(draw: usize) {
    globals().draws.try_remove(draw);
}

/// Returns the next word, uniform over all 32-bit integers.
#[wasm_bindgen]
#[must_use]
pub fn word(draw: usize) -> f64 {
    with_draw(draw, |draw| Ok(draw.word().into()))
}

/// Returns a number in `[0, 1)` with 53 random bits.
#[wasm_bindgen]
#[must_use]
pub fn unit(draw: usize) -> f64 {
    with_draw(draw, |draw| Ok(draw.unit()))
}

/// Returns a number that is exactly uniform on `0..n`, or -1 unless `n` is from 1 to 2^32 - 1.
#[wasm_bindgen]
#[must_use]
pub fn below(draw: usize, n: f64) -> f64 {
    with_draw(draw, |draw| Ok(draw.below(to_integer(n))?.into()))
}

/// Performs one step of a shuffle: returns the index of the item to swap with the one at `last`.
#[wasm_bindgen]
#[must_use]
pub fn exchange(draw: usize, last: u32) -> f64 {
    with_draw(draw, |draw| Ok(draw.exchange(last).into()))
}

/// Calls `compute` with an open draw. Returns NaN if the handle is not open.
fn with_draw(draw: usize, compute: impl FnOnce(&mut Draw) -> Result<f64, Error>) -> f64 {
    let globals = &mut *globals();
    let Some(draw) = globals.draws.get_mut(draw) else {
        return f64::NAN;
    };
    let result = compute(draw);
    globals.number_or_error(result)
}

impl Globals {
    fn open_draw(&mut self, timeline: usize, step: f64) -> Result<f64, Error> {
        let channel = self.take_text();
        let Some(scheduled) = self.timelines.get_mut(timeline) else {
            return Ok(f64::NAN);
        };
        let draw = scheduled.timeline.draw(to_step(step)?, Channel::new(&channel)?);
        Ok(handle_to_number(self.draws.insert(Box::new(draw))))
    }
}
