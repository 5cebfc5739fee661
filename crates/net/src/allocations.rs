//! An allocator that counts what each thread asks for, for tests that show that something asks for nothing. Passes
//! everything on to the system's; no program that ships uses it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The allocator: make it the global one of a test.
#[derive(Debug)]
pub struct Counting;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

/// How often the calling thread has asked for memory so far.
pub fn calls() -> u64 {
    CALLS.try_with(Cell::get).unwrap_or(0)
}

#[allow(unsafe_code, reason = "an allocator is an unsafe trait")]
// SAFETY: passes everything on to the system's allocator; counting neither allocates nor panics.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(at, layout) }
    }
}
