//! Builds the binary again when the demo page that it carries has changed.

fn main() {
    println!("cargo::rerun-if-changed=../../web-demo/dist");
}
