"""The Sandbox room in the real window: an event that is refused, tried again and taken; a new key; a used-up plan."""

import base64
import http.server
import json
import subprocess
import threading
import urllib.request

import names
from panel import DATA, PROGRAM, Panel


class Target(http.server.BaseHTTPRequestHandler):
    """Answers `status` and keeps what came."""

    status = 500
    came = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        Target.came.append((self.headers["webhook-id"], body))
        self.send_response(Target.status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def serve():
    """A target on this machine; answers its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Target)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/hook"


def command(*words):
    """Runs the program beside the window; the exit code and what it said."""
    words = [PROGRAM, "--data-dir", str(DATA), "--json", "--profile", "sandbox", *words]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, lines


def create(name, endpoint):
    return command("webhooks", "create", "--name", name, "--endpoint", endpoint, "--event", "user.created")


def kid(token):
    header = token.split(b".")[0]
    return json.loads(base64.urlsafe_b64decode(header + b"=" * (-len(header) % 4)))["kid"]


def published():
    """The ids of the keys that the sandbox publishes."""
    running = json.loads((DATA / "sandbox" / "running.json").read_text())
    with urllib.request.urlopen(f"{running['issuer']}/.well-known/jwks.json", timeout=20) as answer:
        return [key["kid"] for key in json.load(answer)["keys"]]


def sandbox_room():
    import at

    target = serve()
    with Panel() as panel:
        window = at.App(panel.process)
        window.click(names.EXPLORE, role=None)
        window.click(names.SANDBOX, role=None)
        window.wait_text("running in this window")
        assert create("Orders", target)[0] == 0

        # Refused with a 500: the attempt and the next one show.
        window.click(names.SEND_EVENT, at.TAB)
        window.click("user.created", role=None)
        window.click(names.SEND_EVENT, at.BUTTON)
        window.wait_text("1 event published, 1 delivery")
        at.screenshot("sandbox-sent")
        window.click("Show deliveries")
        print(window.wait_text("retries · 500"))
        print(window.wait_text("500 in "))
        window.wait_text("due")
        at.screenshot("sandbox-refused")

        # A new key: the old one stays published, and what waits comes by the signature it has.
        window.click("Overview", at.TAB)
        window.click(names.ROTATE_KEEP)
        print(window.wait_text("New events are signed with"))
        at.screenshot("sandbox-rotated")
        new, old = published()
        Target.status = 200
        window.click("Deliveries", at.TAB)
        print(window.wait_text("delivered", patience=60))
        at.screenshot("sandbox-delivered")
        assert len({came for came in Target.came}) == 1, "each attempt brings the same bytes under the same id"
        assert len(Target.came) >= 2 and kid(Target.came[-1][1]) == old != new, (new, old)
        window.click("Overview", at.TAB)
        window.click(names.ROTATE_DROP)
        window.wait_text("left the key set")
        assert len(published()) == 1

        # The plan is used up.
        window.type(names.PLAN_ALLOWS, "1")
        window.click(names.SET_LIMIT)
        window.wait_text("1 of 1 in use")
        at.screenshot("sandbox-limit")
        refused, said = create("Second", target)
        assert refused != 0 and "error" in said[-1], said
        print(said[-1]["error"])

        # A fault, seen from outside, and cleared.
        window.click("Faults", at.TAB)
        window.click("Every client secret is wrong", at.CHECK)
        window.click("Apply faults")
        window.wait_text("Faults are on")
        at.screenshot("sandbox-faults")
        assert command("token")[0] != 0, "no token is given"
        window.click("Clear all faults")
        window.wait_text("None is on")
        assert command("token")[0] == 0
