#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kinde_panel_fuzz::jwks(bytes));
