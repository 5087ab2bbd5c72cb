"""The scenarios of tests/window.rs: each drives the built panel on the desktop of tests/tools/desktop.sh."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tools"))
sys.path.insert(0, str(HERE))

import names  # noqa: E402

PROGRAM = os.environ["KINDE_PANEL"]
DESKTOP = pathlib.Path(os.environ["DESKTOP"])
DATA = DESKTOP / "data"


class Panel:
    """The running program, and what it wrote on stderr."""

    def __init__(self, *words, env=None):
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [PROGRAM, "--data-dir", str(DATA), "--trace-frames", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **(env or {})},
        )
        self.lines = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append((time.monotonic() - self.began, line.rstrip("\n")))

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind:
            import at

            at.screenshot(f"failed-{sys.argv[1]}")
            print("the program's last lines:", *[line for _, line in self.lines[-20:]], sep="\n  ")
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def frames(self):
        return sum(line.startswith("frame ") for _, line in self.lines)

    def trace_said(self, part):
        """Whether the trace on stderr names `part`."""
        return any(part in line for _, line in self.lines)

    def cpu_ms(self):
        """Processor time of the process so far, all its threads."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")

    def wait_frame(self, number, patience=20):
        deadline = time.monotonic() + patience
        while self.frames() <= number:
            if self.process.poll() is not None:
                raise RuntimeError(f"the panel ended with {self.process.returncode}: {self.lines}")
            if time.monotonic() > deadline:
                raise TimeoutError(f"frame {number} was never drawn: {self.lines}")
            time.sleep(0.02)


def explore(panel):
    """From the first start to the Connected apps room of the sandbox, with an app chosen."""
    import at

    window = at.App(panel.process)
    window.click(names.EXPLORE, role=None)
    window.click(names.CONNECTED_APPS, role=None)
    window.wait(names.CONNECT, at.BUTTON)
    return window


class Clicks:
    """Presses one control after the other, and says each: what a walk costs."""

    def __init__(self):
        self.made = []

    def on(self, node):
        self.made.append(str(node))
        print(f"click {len(self.made)}: {node}", flush=True)
        node.click()


def walk(window, another_user=False):
    """From the open Connected apps room to the browser; answers the presses it took.

    The user last used, at first the first one, is chosen already. Another one is two presses more: the list is opened.
    """
    import at

    clicks = Clicks()
    clicks.on(window.wait(names.APP, role=None, exact=False, enabled=True))
    if another_user:
        clicks.on(window.wait(names.USER_FIELD, at.COMBO, enabled=True))
        clicks.on(window.wait(names.OTHER_USER, role=None, exact=False, enabled=True))
    clicks.on(window.wait(names.CONNECT, at.BUTTON, enabled=True))
    return clicks.made


def allow():
    import at
    import browser

    with Panel() as panel:
        window = explore(panel)
        clicks = walk(window)
        assert len(clicks) <= 3, clicks
        address = browser.press(names.ALLOW)
        assert address.startswith("http://127.0.0.1:"), address
        print(window.wait_text(names.PROVED, patience=30))
        window.to_front()
        at.screenshot("walk-proved")
        opened = (DESKTOP / "opened").read_text().splitlines()
        assert len(opened) == 1, f"the panel opened the browser {len(opened)} times"
        window.click(names.REVOKE)
        if names.CONFIRM_REVOKE:
            window.click(names.CONFIRM_REVOKE)
        print(window.wait_text(names.REVOKED, patience=30))
        at.screenshot("walk-revoked")


def deny():
    """The browser ends on the panel's own page: the panel knows at once."""
    import at
    import browser

    with Panel() as panel:
        window = explore(panel)
        walk(window, another_user=True)
        browser.press(names.DENY)
        print(window.wait_text(names.DENIED))
        assert names.DENIED_FIX in window.said(), window.said()
        window.wait(names.CONNECT, at.BUTTON, enabled=True)
        window.to_front()
        at.screenshot("walk-denied")
        assert names.PROVED not in window.said()


def deny_unseen():
    """The browser ends elsewhere: Kinde's answer for a Deny is the one for an open consent, so the person cancels."""
    import at
    import browser

    with Panel() as panel:
        window = explore(panel)
        window.click(names.APP, role=None)
        window.click(names.OPTIONS, role=None)
        window.click(names.BRING_BACK, at.CHECK)
        walk(window)
        browser.press(names.DENY)
        print(window.wait_text(names.WAITING))
        window.to_front()
        at.screenshot("walk-waiting")
        window.click(names.CANCEL)
        print(window.wait_text(names.CANCELLED))
        window.wait(names.CONNECT, at.BUTTON, enabled=True)
        assert names.PROVED not in window.said()


def timeout():
    import at

    with Panel("--walk-timeout", "5") as panel:
        window = explore(panel)
        walk(window)
        print(window.wait_text(names.TIMED_OUT, patience=30))
        window.wait(names.CONNECT, at.BUTTON, enabled=True)
        window.to_front()
        at.screenshot("walk-timed-out")


def canary():
    """A secret typed into a profile. The tenant is the sandbox of another process, and the canary is its secret."""
    import at

    # Its folder is not looked at: a sandbox keeps its own made-up secret there.
    sandbox = subprocess.Popen(
        [PROGRAM, "--data-dir", str(DESKTOP / "tenant"), "sandbox"], stdout=subprocess.PIPE, text=True
    )
    try:
        ready = json.loads(sandbox.stdout.readline())["ready"]
        secret = ready["client_secret"]
        assert len(secret) >= 32, "too short to be looked for"
        with Panel("--trace") as panel:
            window = at.App(panel.process)
            window.click(names.CONNECT_TENANT, role=None)
            window.type(names.DOMAIN, ready["issuer"])
            window.click(names.CHECK_DOMAIN)
            window.click(names.ADD_M2M, role=None)
            window.type(names.CLIENT_ID, ready["client_id"])
            window.type(names.CLIENT_SECRET, secret, role=at.PASSWORD)
            window.wait(names.SAVE, at.BUTTON, enabled=True)
            # A password entry tells a screen reader its mask, not its text.
            assert secret not in window.dump(), "the secret is readable in the window"
            at.screenshot("canary-typed")
            window.click(names.SAVE)
            print(window.wait_text(names.SAVED))
            kept = subprocess.run(
                ["secret-tool", "search", "--all", "service", "kinde-panel"], capture_output=True, text=True
            )
            assert secret in kept.stdout, f"the keyring never got it: {kept.stderr}"
            seen = subprocess.run(["ps", "axeww"], capture_output=True, text=True, check=True).stdout
            assert secret not in seen, "the secret is in the process list"
            assert secret not in window.dump(), "the secret is readable in the window"
            at.screenshot("canary-saved")
            window.click(names.ACTIVITY, role=None)
            window.wait_text("/oauth2/token")
            assert secret not in window.dump(), "the secret is readable in Activity"
            assert panel.trace_said("/oauth2/token"), panel.lines
        time.sleep(0.2)
        assert secret not in "\n".join(line for _, line in panel.lines), "the secret is in the log"
        looked_at = 0
        for folder in (DATA, DESKTOP / "home", DESKTOP / "config", DESKTOP / "cache"):
            for file in folder.rglob("*"):
                if file.is_file():
                    looked_at += 1
                    assert secret.encode() not in file.read_bytes(), f"the secret is in {file}"
        assert looked_at, "no file was looked at"
        print(f"{looked_at} files hold no canary")
    finally:
        sandbox.send_signal(signal.SIGTERM)
        sandbox.wait(5)


def no_bus():
    with Panel(env={"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent/bus"}) as panel:
        panel.wait_frame(1)
        # It stays: what has no bus must not end the program a moment later.
        time.sleep(1)
        assert panel.process.poll() is None, panel.lines


def idle(seconds=float(os.environ.get("IDLE_SECONDS", "3"))):
    with Panel() as panel:
        window = explore(panel)
        for room in names.ROOMS:
            window.click(room, role=None)
            # What the click itself started is over when no frame came for a second.
            deadline = time.monotonic() + 20
            while True:
                before = panel.frames()
                time.sleep(1)
                if panel.frames() == before:
                    break
                assert time.monotonic() < deadline, f"{room} never comes to rest"
            frames, cpu = panel.frames(), panel.cpu_ms()
            time.sleep(seconds)
            frames, cpu = panel.frames() - frames, panel.cpu_ms() - cpu
            print(f"{room}: {frames} frames, {cpu:.0f} ms of processor over {seconds:g} s", flush=True)
            assert frames == 0 and cpu <= 20, room


def connect_command(*words):
    """`kinde-panel connect` on the sandbox, while a person answers in the browser."""
    return subprocess.Popen(
        [PROGRAM, "--data-dir", str(DATA), "--json", "connect", "--app", "github", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def command_allow():
    import browser

    process = connect_command()
    browser.press(names.ALLOW, opener=process)
    out, err = process.communicate(timeout=60)
    lines = [json.loads(line) for line in out.splitlines()]
    assert process.returncode == 0, (out, err)
    assert lines[0]["auth_url"] and lines[0]["session_id"], lines
    token, probe = lines[1]["token"], lines[1]["probe"]
    assert "…" in token["masked"] and "access_token" not in out, token
    assert probe and all(check["verdict"] == "pass" for check in probe), probe
    account = next(check for check in probe if check["name"] == "account")
    assert names.PROVED in account["seen"], account
    print(account["seen"])


def command_deny():
    import browser

    process = connect_command("--timeout", "5")
    browser.press(names.DENY, opener=process)
    out, err = process.communicate(timeout=60)
    lines = [json.loads(line) for line in out.splitlines()]
    assert process.returncode == 1, (out, err)
    assert lines[-1]["verdict"] == "fail", lines
    failed = [check for check in lines[-1]["checks"] if check["verdict"] == "fail"]
    assert failed and "Deny" in failed[0]["why"] and failed[0]["fix"], failed


def command_variables():
    """A tenant named by the KINDE_* variables (here the sandbox of another process): connect, then revoke."""
    import browser

    sandbox = subprocess.Popen([PROGRAM, "--data-dir", str(DATA), "sandbox"], stdout=subprocess.PIPE, text=True)
    try:
        ready = json.loads(sandbox.stdout.readline())["ready"]
        env = {
            **os.environ,
            "KINDE_DOMAIN": ready["issuer"],
            "KINDE_MANAGEMENT_CLIENT_ID": ready["client_id"],
            "KINDE_MANAGEMENT_CLIENT_SECRET": ready["client_secret"],
        }
        words = [PROGRAM, "--data-dir", str(DATA), "--json", "--profile", ready["issuer"], "connect", "--app", "github"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": env}
        process = subprocess.Popen([*words, "--user", ready["users"][0]["id"]], **pipes)
        browser.press(names.ALLOW, opener=process)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, (out, err)
        begun, done = [json.loads(line) for line in out.splitlines()]
        account = next(check for check in done["probe"] if check["name"] == "account")
        assert names.PROVED in account["seen"], account
        session = DESKTOP / "session"
        session.write_text(begun["session_id"] + "\n")
        revoked = subprocess.run([*words, "--revoke", f"@{session}"], timeout=60, **pipes)
        assert revoked.returncode == 0, (revoked.stdout, revoked.stderr)
        checks = json.loads(revoked.stdout)["checks"]
        print(*[f"{check['name']}: {check['verdict']}, {check['seen']}" for check in checks], sep="\n")
        again = subprocess.run([*words, "--revoke", f"@{session}"], timeout=60, **pipes)
        assert again.returncode == 1, (again.stdout, again.stderr)
    finally:
        sandbox.send_signal(signal.SIGTERM)
        assert sandbox.wait(2) == 0


if __name__ == "__main__":
    globals()[sys.argv[1]]()
    print(f"{sys.argv[1]}: done")
