#!/bin/sh
# External proof of the sandbox: Kinde's own clients, unchanged, against a running one. A stage of tests/run: it
# installs two packages, each at a fixed version, into a temporary folder. Needs node, npm, python3 and the built program:
#   cargo build && sh tests/clients/run.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)
program=${KINDE_PANEL:-$here/../../target/debug/kinde-panel}
temp=$(mktemp -d)
server=
end() {
    if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi
    rm -rf "$temp"
}
trap end EXIT

echo "Installing the clients"
(cd "$temp" && npm init -y >/dev/null && npm install --silent --no-audit --no-fund @kinde/management-api-js@0.18.0)
python3 -m venv "$temp/venv"
"$temp/venv/bin/pip" install --quiet --disable-pip-version-check kinde-python-sdk==2.4.0

"$program" sandbox --data-dir "$temp/data" >"$temp/ready.json" 2>"$temp/stderr" &
server=$!
tries=0
until [ -s "$temp/ready.json" ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 100 ]; then cat "$temp/stderr"; exit 1; fi
    sleep 0.1
done

cp "$here/management.mjs" "$here/management.py" "$temp"
ca=$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1])).ready.ca_cert' "$temp/ready.json")
cd "$temp"
# A proxy or an authority of this machine's own has no business here.
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1
for scheme in http https; do
    echo "@kinde/management-api-js over $scheme"
    NODE_EXTRA_CA_CERTS=$ca node management.mjs ready.json $scheme
    echo "kinde-python-sdk over $scheme"
    REQUESTS_CA_BUNDLE=$ca SSL_CERT_FILE=$ca "$temp/venv/bin/python" management.py ready.json $scheme
done
echo "All clients are served"
