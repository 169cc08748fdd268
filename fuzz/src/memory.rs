//! The limit on memory as an assertion: what a target allocates is counted.

use peak_alloc::PeakAlloc;

#[global_allocator]
static COUNTED: PeakAlloc = PeakAlloc;

/// What a reader may take whatever the input is, in bytes.
const BASE: usize = 16 * 1024 * 1024;
/// What it may take beyond that for each byte of input.
const FACTOR: usize = 10;

/// Runs `work` on an input of `size` bytes.
///
/// # Panics
/// When more than 16 MiB and ten times the input were in use at once.
pub fn bounded<T>(size: usize, work: impl FnOnce() -> T) -> T {
    let before = COUNTED.current_usage();
    COUNTED.reset_peak_usage();
    let result = work();
    let used = COUNTED.peak_usage().saturating_sub(before);
    assert!(used <= BASE + FACTOR * size, "{used} bytes in use for an input of {size}");
    result
}
