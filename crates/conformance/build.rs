//! Passes the target and the optimisation level on to the program, which cannot find them out at run time.

use std::env::var;

fn main() {
    for (name, value) in [("DIGEST_TARGET", var("TARGET")), ("DIGEST_OPT_LEVEL", var("OPT_LEVEL"))] {
        println!("cargo::rustc-env={name}={}", value.expect("Cargo sets it"));
    }
    println!("cargo::rerun-if-changed=build.rs");
}
