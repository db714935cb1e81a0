//! Rebuilds the binary when the embedded demo page changes.

fn main() {
    println!("cargo::rerun-if-changed=../../web-demo/dist");
}
