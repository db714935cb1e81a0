//! The WebAssembly module of the npm package `tickseed`, which exports everything that `tickseed-engine-wasm` does.
//!
//! This crate chooses the allocator and the panic handler, which a library must leave to its users. It is separate also
//! because Cargo applies link-time optimisation only to crates that are not Rust libraries, and that makes the module
//! smaller by a sixth.

#![cfg_attr(target_family = "wasm", no_std)]

#[cfg(target_family = "wasm")]
mod allocator;

// The module needs its exports.
extern crate tickseed_engine_wasm;

/// Stops the module. The standard library's handler would do the same, but first format a message that nobody sees.
#[cfg(all(target_family = "wasm", not(feature = "objects")))]
#[panic_handler]
fn stop(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
