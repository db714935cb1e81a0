//! Tells the program what it was built for and how, since it cannot find out by itself.

use std::env::var;

fn main() {
    for (name, value) in [("DIGEST_TARGET", var("TARGET")), ("DIGEST_OPT_LEVEL", var("OPT_LEVEL"))] {
        println!("cargo::rustc-env={name}={}", value.expect("Cargo sets it"));
    }
    println!("cargo::rerun-if-changed=build.rs");
}
