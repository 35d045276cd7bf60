//! Gives the component a small stack, which is most of what a fresh instance has to touch.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_FAMILY").as_deref() == Ok("wasm") {
        // The least that survives JSON nested 127 deep is 64 KiB.
        println!("cargo:rustc-link-arg-cdylib=-zstack-size=131072");
    }
}
