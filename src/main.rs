//! Kinde Panel's program.

fn main() {}
