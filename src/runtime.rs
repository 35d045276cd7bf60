//! Allocator, panic handler, `cabi_realloc`: what std would otherwise bring, together with its ten imports.
#![allow(
    unsafe_code,
    reason = "an allocator, an exported symbol and a cell for one thread cannot be written without"
)]

use alloc::alloc::{Layout, alloc, handle_alloc_error, realloc};
use core::{
    alloc::GlobalAlloc,
    cell::{RefCell, RefMut},
    ffi::c_void,
    panic::PanicInfo,
    ptr,
};

// Also brings memcpy and its like.
#[link(name = "c")]
unsafe extern "C" {
    fn malloc(size: usize) -> *mut c_void;
    fn calloc(count: usize, size: usize) -> *mut c_void;
    #[link_name = "realloc"]
    fn libc_realloc(memory: *mut c_void, size: usize) -> *mut c_void;
    fn aligned_alloc(align: usize, size: usize) -> *mut c_void;
    fn free(memory: *mut c_void);
}

/// What `malloc` aligns to on wasm32.
const MALLOC_ALIGN: usize = 16;

struct Libc;

// SAFETY: `malloc` and its like give what GlobalAlloc asks for, up to MALLOC_ALIGN; beyond it `aligned_alloc` does, which
// wants a size that is a multiple of the alignment.
unsafe impl GlobalAlloc for Libc {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() <= MALLOC_ALIGN {
            unsafe { malloc(layout.size()) }.cast()
        } else {
            unsafe { aligned_alloc(layout.align(), layout.pad_to_align().size()) }.cast()
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if layout.align() <= MALLOC_ALIGN {
            unsafe { calloc(layout.size(), 1) }.cast()
        } else {
            let memory = unsafe { self.alloc(layout) };
            if !memory.is_null() {
                unsafe { ptr::write_bytes(memory, 0, layout.size()) };
            }
            memory
        }
    }

    unsafe fn dealloc(&self, memory: *mut u8, _: Layout) {
        unsafe { free(memory.cast()) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if layout.align() <= MALLOC_ALIGN {
            return unsafe { libc_realloc(memory.cast(), new_size) }.cast();
        }
        // SAFETY: the caller promises that the new size, rounded up to the alignment, does not overflow.
        let new =
            unsafe { self.alloc(Layout::from_size_align_unchecked(new_size, layout.align())) };
        if !new.is_null() {
            unsafe {
                ptr::copy_nonoverlapping(memory, new, layout.size().min(new_size));
                self.dealloc(memory, layout);
            }
        }
        new
    }
}

#[global_allocator]
static ALLOCATOR: Libc = Libc;

/// How the host makes room for what it hands in.
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
    // SAFETY: the canonical ABI passes a power of two, and the layout it passed before.
    unsafe {
        let layout = Layout::from_size_align_unchecked(
            if old_size == 0 { new_size } else { old_size },
            align,
        );
        let memory = if old_size == 0 { alloc(layout) } else { realloc(old, layout, new_size) };
        if memory.is_null() {
            handle_alloc_error(layout);
        }
        memory
    }
}

/// A panic is a trap: it ends the instance and tells the host nothing that could hold a secret.
#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}

/// What the instance keeps between calls. A component has one thread, and is not entered again while it runs.
pub(crate) struct Kept<T>(RefCell<Option<T>>);

// SAFETY: there is one thread.
unsafe impl<T> Sync for Kept<T> {}

impl<T: Default> Kept<T> {
    pub(crate) const fn new() -> Self {
        Self(RefCell::new(None))
    }

    pub(crate) fn get(&self) -> RefMut<'_, T> {
        RefMut::map(self.0.borrow_mut(), |it| it.get_or_insert_default())
    }
}
