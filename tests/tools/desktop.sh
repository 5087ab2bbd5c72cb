#!/usr/bin/env bash
# Runs a command on a private desktop that is gone afterwards: a screen, a session bus, an unlocked keyring,
# accessibility switched on, and Chromium as what the system opens an address with.
#
#   tests/tools/desktop.sh COMMAND…
#
# The command finds $DESKTOP (a folder of its own; HOME and the XDG folders are in it), DISPLAY and a bus. With
# DESKTOP_KEYRING=none there is no keyring on the bus, with DESKTOP_ACCESSIBILITY=none nobody asks for accessible names.
set -euo pipefail

if [ "${1:-}" = --inside ]; then
    shift
    if [ "${DESKTOP_KEYRING:-}" != none ]; then
        printf 'ci-password\n' | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
    fi
    for property in IsEnabled ScreenReaderEnabled; do
        [ "${DESKTOP_ACCESSIBILITY:-}" != none ] || break
        dbus-send --session --print-reply --dest=org.a11y.Bus /org/a11y/bus org.freedesktop.DBus.Properties.Set \
            string:org.a11y.Status string:$property variant:boolean:true >/dev/null
    done
    "$@"
    exit
fi

DESKTOP=$(mktemp -d "${TMPDIR:-/tmp}/desktop.XXXXXX")
export DESKTOP
tools=$(cd "$(dirname "$0")" && pwd)
xvfb=
# What was started on this desktop and still lives: Chromium's helpers lose their environment and keep their arguments.
left() {
    for process in /proc/[0-9]*; do
        [ "${process#/proc/}" != $$ ] || continue
        { tr '\0' '\n' <"$process/environ" | grep -qxF "DESKTOP=$DESKTOP" ||
            tr '\0' '\n' <"$process/cmdline" | grep -qF "$DESKTOP/"; } 2>/dev/null && echo "${process#/proc/}"
    done
    true
}
cleanup() {
    code=$?
    trap - EXIT
    set +e
    # A folder that is written to comes back after it was removed: first those go who write.
    for round in $(seq 40); do
        pids=$(left)
        [ -n "$pids" ] || break
        signal=TERM
        [ "$round" -lt 15 ] || signal=KILL
        # shellcheck disable=SC2086 # the ids are words
        kill -$signal $pids 2>/dev/null
        sleep 0.1
    done
    [ -n "$xvfb" ] && kill "$xvfb" 2>/dev/null && wait "$xvfb" 2>/dev/null
    rm -rf "$DESKTOP" || echo "desktop.sh: $DESKTOP could not be removed; still there: $(left | tr '\n' ' ')" >&2
    exit $code
}
trap cleanup EXIT
trap 'exit 130' INT TERM

export HOME=$DESKTOP/home XDG_RUNTIME_DIR=$DESKTOP/run XDG_DATA_HOME=$DESKTOP/share XDG_CONFIG_HOME=$DESKTOP/config
export XDG_CACHE_HOME=$DESKTOP/cache
mkdir -p "$HOME" "$XDG_DATA_HOME/applications" "$XDG_CONFIG_HOME" "$XDG_CACHE_HOME"
mkdir -m 700 "$XDG_RUNTIME_DIR"
unset WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS XAUTHORITY BROWSER NO_AT_BRIDGE XDG_CURRENT_DESKTOP DESKTOP_SESSION
export GDK_BACKEND=x11 LIBGL_ALWAYS_SOFTWARE=1

cat >"$XDG_DATA_HOME/applications/test-browser.desktop" <<END
[Desktop Entry]
Type=Application
Name=Test browser
Exec=$tools/chromium.sh %U
MimeType=x-scheme-handler/http;x-scheme-handler/https;
END
cat >"$XDG_CONFIG_HOME/mimeapps.list" <<END
[Default Applications]
x-scheme-handler/http=test-browser.desktop
x-scheme-handler/https=test-browser.desktop
END

# Without -noreset the server starts over when its last client leaves, and turns away who comes at that moment.
# The server picks a free number itself and says it when it can be connected to.
exec 4<> <(:)
Xvfb -displayfd 4 -screen 0 1600x1200x24 -nolisten tcp -noreset >"$DESKTOP/xvfb.log" 2>&1 &
xvfb=$!
if ! read -r -t 20 number <&4; then
    echo "Xvfb did not start: $(cat "$DESKTOP/xvfb.log")" >&2
    exit 3
fi
export DISPLAY=:$number

dbus-run-session -- "$tools/desktop.sh" --inside "$@"
