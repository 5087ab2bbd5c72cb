//! The shell: frame loop, state, apply, on_event. The only place that knows every screen.
