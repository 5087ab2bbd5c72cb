# terminal.py PROGRAM DATA: a recipe with two secrets, run at a terminal: each is asked for, and what is typed is seen nowhere.
import json
import os
import pty
import select
import subprocess
import sys

program, data = sys.argv[1:]
TYPED = "CanaryTyped0123456789"
PROMPT = " (empty: none): "
LABELS = ["TrustPath API key", "Client secret"]


def must(what, truth, detail=""):
    if not truth:
        sys.exit(f"FAILED: {what} {detail}")
    print(f"ok  {what}")


ours, theirs = pty.openpty()
words = ["recipe", "check", "trustpath", "--set", "api=http://127.0.0.1:9"]
env = {"PATH": os.environ["PATH"], "KINDE_DOMAIN": "acme.kinde.com", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}
child = subprocess.Popen(
    [program, "--data-dir", data, "--json", *words], stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, env=env, text=True
)
os.close(theirs)
seen = ""


def more():
    """What the terminal shows next; empty once nothing writes to it any more."""
    if not select.select([ours], [], [], 60)[0]:
        child.kill()
        sys.exit(f"FAILED: nothing more came for a minute after {seen!r}")
    try:
        return os.read(ours, 4096).decode()
    except OSError:
        return ""


for count, label in enumerate(LABELS, 1):
    while seen.count(PROMPT) < count:
        got = more()
        if not got:
            sys.exit(f"FAILED: {label} is not asked for {seen!r}")
        seen += got
    must(f"{label} is asked for", label + PROMPT in seen, seen)
    os.write(ours, f"{TYPED}{count}\n".encode())
while got := more():
    seen += got
out = child.communicate()[0]
must("each once", seen.count("(empty: none)") == 2 and ": : " not in seen, seen)
must("what was typed is shown nowhere", TYPED not in seen + out, seen + out)
answer = json.loads(out)
must("and was taken", answer["verdict"] == "fail" and answer["checks"][0]["name"] == "evaluate", out)
