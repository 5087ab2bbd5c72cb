#!/bin/sh
# The judge beside two verifiers of other languages, PyJWT and jose, over mutated tokens. It must never call verified what
# both of them refuse. Not part of `cargo test`: it installs two packages, each at a fixed version, into a temporary
# folder. Needs node, npm, python3 and the built program:
#   cargo build && sh tests/verifiers/run.sh [HOW MANY, 20000] [SEED, by the clock]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
program=${KINDE_PANEL:-${CARGO_TARGET_DIR:-$here/../../target}/debug/kinde-panel}
count=${1:-20000}
seed=${2:-$(date +%s)}
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT

echo "Installing the verifiers"
(cd "$temp" && npm init -y >/dev/null && npm install --silent --no-audit --no-fund jose@6.2.18)
python3 -m venv "$temp/venv"
"$temp/venv/bin/pip" install --quiet --disable-pip-version-check PyJWT==2.15.1 cryptography
cp "$here/jose.mjs" "$temp"
cd "$temp"

echo "$count tokens from seed $seed"
export PYTHONDONTWRITEBYTECODE=1
venv/bin/python "$here/tokens.py" make "$count" "$seed"
venv/bin/python "$here/tokens.py" pyjwt
node jose.mjs
# Bad tokens make it exit 1, as they should.
"$program" --data-dir data --json decode --lines --jwks jwks.json <tokens.txt >panel.ndjson || [ $? = 1 ]
venv/bin/python "$here/tokens.py" compare
