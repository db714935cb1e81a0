//! The target and the build of this crate, which programs report with their digests.

/// The target triple this crate was built for.
pub const TARGET: &str = env!("DIGEST_TARGET");
/// Debug or release, and the optimisation level.
pub const BUILD: &str = if cfg!(debug_assertions) {
    concat!("debug, opt-level ", env!("DIGEST_OPT_LEVEL"))
} else {
    concat!("release, opt-level ", env!("DIGEST_OPT_LEVEL"))
};
