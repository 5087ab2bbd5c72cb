#!/bin/sh
# The browser of the test desktop: real Chromium, its own folder, an open DevTools port (written to DevToolsActivePort).
# A second call opens its address in the first one's window, as a browser does.
[ -f "$DESKTOP/chromium.pid" ] && kill -0 "$(cat "$DESKTOP/chromium.pid")" 2>/dev/null || echo $$ >"$DESKTOP/chromium.pid"
echo "$*" >>"$DESKTOP/opened"
exec chromium --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --no-default-browser-check \
    --disable-background-networking --disable-component-update --disable-sync --disable-extensions --disable-breakpad \
    --password-store=basic --remote-debugging-port=0 --user-data-dir="$DESKTOP/chromium" "$@" \
    >>"$DESKTOP/chromium.log" 2>&1
