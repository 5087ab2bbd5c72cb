//! The command line: one file a command, the same domain functions as the window.
