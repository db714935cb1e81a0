//! A small allocator for things of few sizes.

use talc::base::binning::Binning;
use talc::cell::TalcSyncCell;
use talc::wasm::WasmGrowAndClaim;

#[global_allocator]
static ALLOCATOR: TalcSyncCell<WasmGrowAndClaim, OneList> = TalcSyncCell::new_wasm(WasmGrowAndClaim);

/// One list for all free memory, with what was freed last at its head. Timelines, draws and their tables are nearly all that
/// is allocated, so what is found first mostly fits; lists for many sizes would add 270 bytes to what is downloaded.
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
