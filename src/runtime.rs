//! What std would bring together with ten imports: an allocator over wasi-libc's malloc, a panic handler, `cabi_realloc`, and
//! a static cell.
#![allow(
    unsafe_code,
    reason = "an allocator, an exported symbol and a static cell cannot be written without"
)]

use alloc::alloc::{Layout, alloc, realloc};
use core::{alloc::GlobalAlloc, arch::wasm32, ops::Deref, panic::PanicInfo, ptr};

// Brings memcpy and its like, too.
#[link(name = "c")]
unsafe extern "C" {
    fn malloc(size: usize) -> *mut u8;
    #[link_name = "realloc"]
    fn libc_realloc(memory: *mut u8, size: usize) -> *mut u8;
    fn free(memory: *mut u8);
}

/// What malloc aligns to on wasm32. No type of this program needs more.
const MAX_ALIGN: usize = 16;

struct Libc;

#[global_allocator]
static ALLOCATOR: Libc = Libc;

// SAFETY: malloc returns null or a block of that size, aligned to `MAX_ALIGN`, that stays valid until it is freed. An
// allocation that must be aligned to more fails, so `dealloc` and `realloc` get blocks of malloc's only.
unsafe impl GlobalAlloc for Libc {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() > MAX_ALIGN {
            return ptr::null_mut();
        }
        // SAFETY: any size may be asked for.
        unsafe { malloc(layout.size()) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, _: Layout) {
        // SAFETY: the caller promises that the block is one of this allocator's.
        unsafe { free(memory) }
    }

    unsafe fn realloc(&self, memory: *mut u8, _: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: as in `dealloc`; the new block has malloc's alignment, which the old one was content with.
        unsafe { libc_realloc(memory, new_size) }
    }
}

/// Memory for what the host passes in: arguments, and results of the functions that it provides.
// SAFETY: no other symbol of the program has this name, which the canonical ABI prescribes.
#[unsafe(no_mangle)]
unsafe extern "C" fn cabi_realloc(
    old: *mut u8,
    old_size: usize,
    align: usize,
    new_size: usize,
) -> *mut u8 {
    if new_size == 0 {
        return ptr::without_provenance_mut(align);
    }
    // SAFETY: the canonical ABI passes an alignment that is a power of two, and a block with the size that it got it with.
    let memory = unsafe {
        if old_size == 0 {
            alloc(Layout::from_size_align_unchecked(new_size, align))
        } else {
            realloc(old, Layout::from_size_align_unchecked(old_size, align), new_size)
        }
    };
    if memory.is_null() {
        wasm32::unreachable();
    }
    memory
}

/// A panic is a trap: it ends the instance, and no message of it can hold a secret.
#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    wasm32::unreachable()
}

/// Makes a value usable as a static of a program with one thread.
pub(crate) struct OneThread<T>(T);

// SAFETY: a component has one thread.
unsafe impl<T> Sync for OneThread<T> {}

impl<T> OneThread<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(value)
    }
}

impl<T> Deref for OneThread<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
