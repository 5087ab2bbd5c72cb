"""The Inspector in the real window: it receives what the sandbox signs, shows it, stands still, finds and deletes it."""

import json
import re
import subprocess
import time

import names
from panel import DATA, PROGRAM, Panel


def send(url, *words):
    """Has the sandbox sign an event and sends it, beside the window; what the receiver answered."""
    words = [PROGRAM, "--data-dir", str(DATA), "--json", "send", *words, "--to", url]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    return [json.loads(line)["delivery"]["status"] for line in done.stdout.splitlines()]


def inspector():
    """The real window receiving a sandbox event."""
    import at

    with Panel() as panel:
        window = at.App(panel.process)
        window.click(names.EXPLORE, role=None)
        window.wait(names.CONNECT, at.BUTTON)
        window.click(names.INSPECTOR, role=None)
        window.click(names.LISTEN, at.BUTTON)
        window.wait_text("Waiting for the first webhook")
        url = re.search(r"--to (http://127\.0\.0\.1:\d+/k/[0-9a-f]{32})", window.said()).group(1)
        print("receiving on", url)

        assert send(url, "user.created", "--repeat", "3") == [200] * 3
        window.wait("3 user.created, verified", role=None)
        assert send(url, "user.created", "--forge", "no-signature") == [200]
        window.wait("4 user.created, unsigned", role=None)
        at.screenshot("inspector-received")

        # The one that is chosen is told rung by rung.
        window.click("4 user.created, unsigned", role=None)
        print(window.wait_text("signature"))
        at.screenshot("inspector-chosen")

        # Pause freezes the view and not the capture.
        window.click("Pause", at.BUTTON)
        assert send(url, "user.deleted") == [200]
        window.wait("1 new", at.BUTTON)
        assert "5 user.deleted" not in window.said()
        window.click("Resume", at.BUTTON)
        window.wait("5 user.deleted, verified", role=None)

        # At rest it draws nothing, though it follows.
        time.sleep(2.5)
        before = panel.frames()
        time.sleep(5)
        assert panel.frames() - before <= 1, panel.frames() - before

        window.type("Search events", "verdict:failed")
        window.wait_gone("5 user.deleted, verified")
        window.wait("4 user.created, unsigned", role=None)
        at.screenshot("inspector-found")

        window.click("4 user.created, unsigned", role=None)
        window.click("Delete…", at.BUTTON)
        window.click("Delete", at.BUTTON)
        window.wait_text("No event matches")
        window.click("Show all events", at.BUTTON)
        window.wait("5 user.deleted, verified", role=None)
        assert "4 user.created" not in window.said()

        window.click("Stop", at.BUTTON)
        window.wait(names.LISTEN, at.BUTTON)
        assert send(url, "user.created") == [None]
