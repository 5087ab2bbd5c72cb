#!/usr/bin/env bash
# Start, memory and size of the panel beside a bare eframe window, both as released: see start.py.
# Needs the packages of tests/run. On a desktop with a graphics card the figures are better; these are for software GL.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-target}/release
cargo build --locked --release --bin kinde-panel --example bare_window
DESKTOP_ACCESSIBILITY=none tests/tools/desktop.sh python3 tests/benches/start.py \
    "$target/kinde-panel" "$target/examples/bare_window"
