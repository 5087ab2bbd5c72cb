//! JSON Web Tokens, read and judged: pure, no I/O, no clock of its own.
