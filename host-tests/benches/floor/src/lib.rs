//! The floor under every call: sends prepared bytes by the same `wasi:http` calls as the connector, and returns the body of
//! the response as it is. No environment, no clock, no JSON.
#![no_std]

extern crate alloc;

use alloc::{string::String, string::ToString, vec::Vec};
use core::{
    alloc::{GlobalAlloc, Layout},
    panic::PanicInfo,
};

use wasi::http::{
    outgoing_handler,
    types::{Fields, IncomingBody, Method, OutgoingBody, OutgoingRequest, RequestOptions, Scheme},
};

wit_bindgen::generate!({ path: "floor.wit", world: "floor", generate_all });

struct Floor;

export!(Floor);

const SECOND: u64 = 1_000_000_000;

impl Guest for Floor {
    fn send(authority: String, path: String, body: Vec<u8>) -> Vec<u8> {
        forward(&authority, &path, &body).unwrap_or_default()
    }
}

fn forward(authority: &str, path: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    let fields: [(String, Vec<u8>); 3] = [
        ("user-agent".into(), "wecom-connector/0.1.0".into()),
        ("content-type".into(), "application/json; charset=utf-8".into()),
        ("content-length".into(), bytes.len().to_string().into()),
    ];
    let outgoing = OutgoingRequest::new(Fields::from_list(&fields).ok()?);
    outgoing.set_method(&Method::Post).ok()?;
    outgoing.set_scheme(Some(&Scheme::Http)).ok()?;
    outgoing.set_authority(Some(authority)).ok()?;
    outgoing.set_path_with_query(Some(path)).ok()?;
    let options = RequestOptions::new();
    let _ = options.set_connect_timeout(Some(10 * SECOND));
    let _ = options.set_first_byte_timeout(Some(30 * SECOND));
    let _ = options.set_between_bytes_timeout(Some(30 * SECOND));

    let body = outgoing.body().ok()?;
    let future = outgoing_handler::handle(outgoing, Some(options)).ok()?;
    let stream = body.write().ok()?;
    stream.check_write().ok()?;
    stream.write(bytes).ok()?;
    drop(stream);
    OutgoingBody::finish(body, None).ok()?;

    let pollable = future.subscribe();
    pollable.block();
    drop(pollable);
    let response = future.get()?.ok()?.ok()?;
    response.status();
    let body = response.consume().ok()?;
    let stream = body.stream().ok()?;
    let mut reply = Vec::new();
    while let Ok(chunk) = stream.blocking_read(64 << 10) {
        if reply.is_empty() { reply = chunk } else { reply.extend_from_slice(&chunk) }
    }
    drop(stream);
    drop::<IncomingBody>(body);
    Some(reply)
}

// What std would bring, with imports that the connector does not have either.

#[link(name = "c")]
unsafe extern "C" {
    fn malloc(size: usize) -> *mut u8;
    fn realloc(memory: *mut u8, size: usize) -> *mut u8;
    fn free(memory: *mut u8);
}

struct Libc;

#[global_allocator]
static ALLOCATOR: Libc = Libc;

// SAFETY: malloc aligns to 16, and nothing here needs more.
unsafe impl GlobalAlloc for Libc {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe { malloc(layout.size()) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, _: Layout) {
        unsafe { free(memory) }
    }

    unsafe fn realloc(&self, memory: *mut u8, _: Layout, new_size: usize) -> *mut u8 {
        unsafe { realloc(memory, new_size) }
    }
}

/// Memory for what the host passes in. `old` is null for a new block.
#[unsafe(no_mangle)]
unsafe extern "C" fn cabi_realloc(
    old: *mut u8,
    _: usize,
    align: usize,
    new_size: usize,
) -> *mut u8 {
    if new_size == 0 {
        return core::ptr::without_provenance_mut(align);
    }
    unsafe { realloc(old, new_size) }
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
