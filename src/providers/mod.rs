//! The providers of connected apps: their catalogue, set-up guides, probes and revocation facts.
