//! Memory, and what else std would bring, together with its ten imports: allocator, panic handler, `cabi_realloc`.
//!
//! A call takes memory piece by piece, each behind the last, and gives nothing back. All of it is free again when the next
//! call begins; only what the instance keeps is moved to the bottom first. So there is nothing to look for when memory is
//! taken, nothing to do when a value is dropped, and nothing that a host has to call once it has read a result.
#![allow(
    unsafe_code,
    reason = "an allocator, an exported symbol and a cell for one thread cannot be written without"
)]

use core::{
    alloc::{GlobalAlloc, Layout},
    arch::wasm32,
    cell::{Cell, Ref, RefCell},
    mem::{self, ManuallyDrop},
    panic::PanicInfo,
    ptr,
};

use crate::Kept;

// Brings memcpy and its like.
#[link(name = "c")]
unsafe extern "C" {
    /// Where memory begins that the linker has not given out.
    static __heap_base: u8;
    /// What is to be done before anything else: nothing at present. Where nobody calls it, the linker has every export call it.
    fn __wasm_call_ctors();
}

const PAGE: usize = 64 << 10;
/// No type asks for more.
const MOST_ALIGNED: usize = 16;

struct Arena {
    /// The first free byte.
    next: Cell<usize>,
    /// The end of what is kept between calls.
    bottom: Cell<usize>,
    /// Whether a call is running.
    running: Cell<bool>,
    /// Whether the last call is over: what it took can be given to the next.
    over: Cell<bool>,
    kept: RefCell<Kept>,
    /// Whether something that is kept may lie above the bottom.
    changed: Cell<bool>,
}

// SAFETY: a component has one thread, and is not entered again while it runs.
unsafe impl Sync for Arena {}

#[global_allocator]
static ARENA: Arena = Arena {
    next: Cell::new(0),
    bottom: Cell::new(0),
    running: Cell::new(false),
    over: Cell::new(true),
    kept: RefCell::new(Kept::new()),
    changed: Cell::new(false),
};

// SAFETY: every piece lies behind the one before it, until the call is over and nobody uses any of them.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let next = self.next.get();
        let at = next.wrapping_add(layout.align() - 1) & !(layout.align() - 1);
        let end = at.wrapping_add(layout.size());
        let available = wasm32::memory_size::<0>().saturating_mul(PAGE);
        // A layout has less than 2 GiB: where the end of all addresses is passed, it lies before the beginning.
        if end < next || (end > available && !grow(end - available)) {
            return ptr::null_mut();
        }
        self.next.set(end);
        ptr::with_exposed_provenance_mut(at)
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let last = memory.addr() + layout.size() == self.next.get();
        if new_size <= layout.size() {
            if last {
                self.next.set(memory.addr() + new_size);
            }
            return memory;
        }
        if last {
            // It grows where it is: what is taken now lies behind it.
            // SAFETY: a size and an alignment that were right for more are right for less.
            let more = unsafe { Layout::from_size_align_unchecked(new_size - layout.size(), 1) };
            let more = unsafe { self.alloc(more) };
            return if more.is_null() { more } else { memory };
        }
        // SAFETY: the caller promises that the new size is one, and that so many bytes may be looked at.
        unsafe {
            let new = self.alloc(Layout::from_size_align_unchecked(new_size, layout.align()));
            if !new.is_null() {
                ptr::copy_nonoverlapping(memory, new, layout.size());
            }
            new
        }
    }
}

#[cold]
fn grow(bytes: usize) -> bool {
    wasm32::memory_grow::<0>(bytes.div_ceil(PAGE)) != usize::MAX
}

fn heap_base() -> usize {
    (&raw const __heap_base).addr().next_multiple_of(MOST_ALIGNED)
}

impl Arena {
    /// Before a call takes its first memory.
    fn begin(&self) {
        if !self.over.replace(false) {
            return;
        }
        if self.bottom.get() == 0 {
            // SAFETY: nothing ran before, and it is called once.
            unsafe { __wasm_call_ctors() };
            self.settle();
        } else if self.changed.replace(false) {
            self.settle();
        }
        self.next.set(self.bottom.get());
    }

    /// Moves what is kept to the bottom: by way of a copy, as it lies anywhere.
    #[cold]
    fn settle(&self) {
        let base = heap_base();
        let mut kept = self.kept.borrow_mut();
        let mut above = self.next.get().max(base).next_multiple_of(MOST_ALIGNED);
        let copy = loop {
            self.next.set(above);
            let copy = ManuallyDrop::new(kept.clone());
            // What is written at the bottom must not reach what it is written from.
            let end = base + (self.next.get() - above);
            if end <= above {
                break copy;
            }
            above = end;
        };
        self.next.set(base);
        // The old one may be overwritten already: it is not dropped.
        let _ = ManuallyDrop::new(mem::replace(&mut *kept, (*copy).clone()));
        self.bottom.set(self.next.get());
    }
}

/// A call is running. Ends it when dropped: what it returned stays until the next begins.
pub(crate) struct Running;

impl Running {
    /// A trap where a call runs already, or one was broken off: hosts must not enter then, and the memory of that call would
    /// be given away.
    #[inline(never)]
    pub(crate) fn begin() -> Self {
        if ARENA.running.replace(true) {
            wasm32::unreachable();
        }
        ARENA.begin();
        Self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        ARENA.running.set(false);
        ARENA.over.set(true);
    }
}

/// What the instance keeps between calls.
pub(crate) fn kept() -> Ref<'static, Kept> {
    ARENA.kept.borrow()
}

/// Changes what the instance keeps.
pub(crate) fn keep(change: impl FnOnce(&mut Kept)) {
    change(&mut ARENA.kept.borrow_mut());
    ARENA.changed.set(true);
}

/// How the host makes room for what it hands in: arguments before a call, results of the host's functions within it.
#[unsafe(no_mangle)]
unsafe extern "C" fn cabi_realloc(
    old: *mut u8,
    old_size: usize,
    align: usize,
    new_size: usize,
) -> *mut u8 {
    ARENA.begin();
    if new_size == 0 {
        return ptr::without_provenance_mut(align);
    }
    // SAFETY: the canonical ABI passes a power of two, and the size it passed before.
    unsafe {
        let memory = if old_size == 0 {
            ARENA.alloc(Layout::from_size_align_unchecked(new_size, align))
        } else {
            ARENA.realloc(old, Layout::from_size_align_unchecked(old_size, align), new_size)
        };
        if memory.is_null() {
            wasm32::unreachable();
        }
        memory
    }
}

/// A panic is a trap: it ends the instance and tells the host nothing that could hold a secret.
#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    wasm32::unreachable()
}
