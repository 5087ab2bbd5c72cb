//! The tokio thread: a Command in, Events out. Knows no egui.
