//! The WebAssembly module of the npm package `tickseed`: all that `tickseed-engine-wasm` exports.
//!
//! Here stands what a library must not decide for others: the allocator of the whole module, and what happens on a panic. It
//! is a crate of its own also because Cargo optimises across crates only what is no library for Rust at the same time: that
//! makes the module smaller by a sixth.

#![cfg_attr(target_family = "wasm", no_std)]

#[cfg(target_family = "wasm")]
mod allocator;

// For its exports.
extern crate tickseed_engine_wasm;

/// Stops the module, as the standard library's would after it had made a text that nobody sees.
#[cfg(all(target_family = "wasm", not(feature = "objects")))]
#[panic_handler]
fn stop(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
