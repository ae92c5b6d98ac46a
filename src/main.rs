//! The `z4jctl` command.
fn main() {}
