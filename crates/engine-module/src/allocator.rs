//! A small allocator for values of few sizes.

use talc::base::binning::Binning;
use talc::cell::TalcSyncCell;
use talc::wasm::WasmGrowAndClaim;

#[global_allocator]
static ALLOCATOR: TalcSyncCell<WasmGrowAndClaim, OneList> = TalcSyncCell::new_wasm(WasmGrowAndClaim);

/// A single list of free blocks, the most recently freed first.
///
/// Almost all allocations are timelines, draws and their tables, so the first block usually fits. Lists for many sizes
/// would make the module 270 bytes larger.
struct OneList;

impl Binning for OneList {
    type AvailabilityBitField = u32;
    const BIN_COUNT: u32 = 1;

    fn size_to_bin(_size: usize) -> u32 {
        0
    }

    fn size_to_bin_ceil(_size: usize) -> u32 {
        0
    }
}
