//! How the program is linked. It decides nothing else.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=.cargo/build.rs");
    println!("cargo:rerun-if-env-changed=CARGO_CFG_TARGET_ENV");
    // Relocations take a thirtieth of the program, and a twentieth of that when they are packed. The C library must know how to
    // unpack them: glibc does since 2.36, and refuses the program before.
    let of = |name: &str| std::env::var(name).unwrap_or_default();
    let here = of("HOST") == of("TARGET");
    if here && of("CARGO_CFG_TARGET_OS") == "linux" && of("CARGO_CFG_TARGET_ENV") == "gnu" && glibc() >= Some((2, 36)) {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// Of this machine: `glibc 2.36`, says getconf.
fn glibc() -> Option<(u32, u32)> {
    let said = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let said = String::from_utf8(said.stdout).ok()?;
    let (major, minor) = said.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
}
