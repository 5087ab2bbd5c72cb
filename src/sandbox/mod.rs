//! A Kinde tenant on this machine.
