//! What arrives or is pasted, decoded and judged.
