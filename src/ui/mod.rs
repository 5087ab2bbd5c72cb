//! Our widgets: they know egui and layer 1, and nothing of Kinde.
