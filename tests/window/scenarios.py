"""The scenarios of tests/window.rs: each drives the built panel on the desktop of tests/tools/desktop.sh."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tools"))
sys.path.insert(0, str(HERE))

import names  # noqa: E402
from attempt import attempt  # noqa: E402, F401
from email_room import email  # noqa: E402, F401
from inspector import inspector  # noqa: E402, F401
from panel import DATA, DESKTOP, PROGRAM, Panel, on_no_file  # noqa: E402
from recipes import recipes  # noqa: E402, F401
from refusals import refusals  # noqa: E402
from sandbox_room import sandbox_room  # noqa: E402, F401
from sending import sending  # noqa: E402, F401


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

    The user last used, at first the first one, is chosen already: a press less.
    """
    import at

    clicks = Clicks()
    clicks.on(window.wait(names.APP, role=None, exact=False, enabled=True))
    if another_user:
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
        clicks = walk(window, another_user=True)
        assert len(clicks) <= 3, clicks
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


def tenant():
    """A tenant to add a profile of: the sandbox of another process, and what it says of itself.

    Its folder is not looked at for secrets: a sandbox keeps its own made-up ones there.
    """
    process = subprocess.Popen(
        [PROGRAM, "--data-dir", str(DESKTOP / "tenant"), "sandbox"], stdout=subprocess.PIPE, text=True
    )
    ready = json.loads(process.stdout.readline())["ready"]
    assert len(ready["client_secret"]) >= 32, "too short to be looked for"
    return process, ready


def add_profile(window, ready):
    """From the first start to a profile with an M2M application. A password entry shows a screen reader no text."""
    import at

    window.click(names.CONNECT_TENANT, role=None)
    window.type(names.DOMAIN, ready["issuer"])
    window.click(names.CHECK_DOMAIN)
    window.click(names.ADD_M2M, role=None)
    window.type(names.CLIENT_ID, ready["client_id"])
    window.type(names.CLIENT_SECRET, ready["client_secret"], role=at.PASSWORD)
    window.wait(names.SAVE, at.BUTTON, enabled=True)
    assert ready["client_secret"] not in window.dump(), "the secret is readable in the window"
    at.screenshot(f"{sys.argv[1]}-typed")
    window.click(names.SAVE)
    print(window.wait_text(names.SAVED))


def kept(field):
    """What the keyring holds as `field` of the only profile with an M2M application."""
    profiles = json.loads((DATA / "profiles.json").read_text())
    ids = [profile["id"] for profile in profiles["profiles"] if profile.get("client_id")]
    words = ["secret-tool", "lookup", "service", "kinde-panel", "username", f"{ids[0]}/{field}"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def canary():
    """A secret typed into a profile, and the token it gave: in the keyring and nowhere else."""
    import at

    sandbox, ready = tenant()
    try:
        secret = ready["client_secret"]
        with Panel("--trace") as panel:
            window = at.App(panel.process)
            add_profile(window, ready)
            assert secret in kept("client_secret"), "the keyring never got the secret"
            token = json.loads(kept("m2m_token"))["access_token"]
            planted = {"the secret": secret, "the token": token, "its signature": token.rsplit(".", 1)[-1]}

            def unseen(place, text):
                for what, word in planted.items():
                    assert word not in text, f"{what} is in {place}"

            unseen("the process list", subprocess.run(["ps", "axeww"], capture_output=True, text=True).stdout)
            unseen("the window", window.dump())
            at.screenshot("canary-saved")
            window.click(names.ACTIVITY, role=None)
            # The newest exchange with the token endpoint: its request held the secret, its answer the token.
            window.wait("/oauth2/token", at.ROW, exact=False).click()
            for part, shown in names.PARTS:
                window.click(part, role=at.TAB)
                window.wait_text(shown)
                unseen(f"Activity, {part}", window.dump())
                # What stands beside the secret is there: it was looked at in the right place.
                assert part != "Request" or ready["client_id"] in window.said(), window.dump()
                at.screenshot(f"canary-activity-{part.lower()}")
            assert panel.trace_said("/oauth2/token"), panel.lines
        time.sleep(0.2)
        unseen("the log", "\n".join(line for _, line in panel.lines))
        on_no_file(planted.values())
    finally:
        sandbox.send_signal(signal.SIGTERM)
        sandbox.wait(5)


def no_bus():
    with Panel(env={"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent/bus"}) as panel:
        panel.wait_frame(1)
        # It stays: what has no bus must not end the program a moment later.
        time.sleep(1)
        assert panel.process.poll() is None, panel.lines


def no_keyring():
    """The same, looked at: only the accessible names come over a bus, which then goes away."""
    import at
    import bus

    sandbox, ready = tenant()
    way = bus.Bus(DESKTOP)
    try:
        with Panel("--trace", env={"DBUS_SESSION_BUS_ADDRESS": way.address}) as panel:
            window = at.App(panel.process)
            way.gone()
            add_profile(window, ready)
            print(window.wait_text(names.KEPT_FOR_THIS_RUN))
            print(window.wait_text(names.NO_KEYRING))
            window.to_front()
            at.screenshot("no-keyring")
            # The secret works: a token is minted with it when the doctor is asked again.
            mints = sum("/oauth2/token" in line for _, line in panel.lines)
            window.click(names.CHECK_AGAIN)
            deadline = time.monotonic() + 20
            while sum("/oauth2/token" in line for _, line in panel.lines) <= mints:
                assert time.monotonic() < deadline, panel.lines
                time.sleep(0.1)
            window.wait(names.CHECK_AGAIN, at.BUTTON, enabled=True)
            at.screenshot("no-keyring-checked")
            window.click(names.REMOVE_PROFILE)
            window.wait_text("Nothing changes at Kinde")
            # The question stands over the room, behind it in the tree: its button is the last of that name.
            [node for node in window.nodes() if node.name == names.REMOVE_PROFILE and node.role == at.BUTTON][-1].click()
            window.wait(names.REMOVE_ANYWAY, at.BUTTON, enabled=True)
            window.to_front()
            at.screenshot("no-keyring-remove")
            assert ready["client_id"] in (DATA / "profiles.json").read_text(), "it is removed before the question"
            window.click(names.REMOVE_ANYWAY)
            window.wait_gone(names.REMOVE_PROFILE)
            assert ready["client_id"] not in (DATA / "profiles.json").read_text(), "the profile stays"
            token = subprocess.run(
                ["secret-tool", "search", "--all", "service", "kinde-panel"], capture_output=True, text=True
            )
            assert not token.stdout, "the panel found the keyring after all: this proves nothing"
        on_no_file([ready["client_secret"]])
    finally:
        sandbox.send_signal(signal.SIGTERM)
        sandbox.wait(5)


def prefs():
    """Told to end by the system, as at the end of a session: what was set is there at the next start."""
    import at

    with Panel() as panel:
        window = at.App(panel.process)
        window.click(names.SETTINGS, role=None)
        before = window.wait(names.DARK, at.TAB).box()[3]
        window.click(names.DARK, role=at.TAB)
        window.click(names.ZOOM_IN)
        window.until(lambda: window.find(names.DARK).box()[3] > before, 20, lambda: "the zoom changed nothing")
        zoomed = window.find(names.DARK).box()[3]
    kept = DATA / "window.ron"
    assert kept.stat().st_mode & 0o777 == 0o600, oct(kept.stat().st_mode)
    with Panel() as panel:
        window = at.App(panel.process)
        window.click(names.SETTINGS, role=None)
        dark = window.wait(names.DARK, at.TAB)
        assert dark.has("CHECKED") or dark.has("PRESSED"), dark.raw.get_state_set().get_states()
        assert dark.box()[3] == zoomed, (before, zoomed, dark.box())
        window.to_front()
        at.screenshot("prefs")
        print(f"dark, and a tab is {zoomed} pixels high, {before} without zoom")


def cannot_start():
    """A data folder that is a file: a small window says so, and the program ends with 3 and the same words."""
    import at

    DATA.write_text("no folder")
    with Panel() as panel:
        window = at.App(panel.process)
        print(window.wait_text(names.CANNOT_START))
        assert str(DATA) in window.said(), window.said()
        width, height = window.nodes()[1].box()[2:]
        assert width < 700 and height < 400, (width, height)
        at.screenshot("cannot-start")
        window.click(names.QUIT)
        assert panel.process.wait(5) == 3, panel.lines
    time.sleep(0.2)
    assert any(str(DATA) in line for _, line in panel.lines), panel.lines


def at_rest(panel, where, seconds, clock=False):
    """Nobody touches the window: no frame, next to no processor. With `clock`, one frame a second for its seconds."""
    # What the click itself started is over when no frame came for a second.
    deadline = time.monotonic() + 20
    while True:
        before = panel.frames()
        time.sleep(1)
        if panel.frames() - before <= (1 if clock else 0):
            break
        assert time.monotonic() < deadline, f"{where} never comes to rest"
    frames, cpu = panel.frames(), panel.cpu_ms()
    time.sleep(seconds)
    frames, cpu = panel.frames() - frames, panel.cpu_ms() - cpu
    print(f"{where}: {frames} frames, {cpu:.0f} ms of processor over {seconds:g} s", flush=True)
    if clock:
        assert frames <= seconds + 1, where
    else:
        assert frames == 0 and cpu <= 20, where


def idle(seconds=float(os.environ.get("IDLE_SECONDS", "3"))):
    import at
    import browser

    with Panel() as panel:
        at.App(panel.process)
        at_rest(panel, "Start", seconds)
        window = explore(panel)
        for room in names.ROOMS:
            window.click(room, at.TOGGLE)
            at_rest(panel, room, seconds)
        window.click(names.CONNECTED_APPS, at.TOGGLE)
        walk(window)
        browser.press(names.ALLOW)
        window.wait_text(names.PROVED, patience=30)
        at_rest(panel, "Connected apps with a token, whose seconds count down", seconds, clock=True)
        window.click(names.INSPECTOR, at.TOGGLE)
        at_rest(panel, "Inspector, while the token is held", seconds)


def webhooks():
    """Create, update, replace, delete and undo on the sandbox, then every refusal; the command line sees it too."""
    import at

    def kept():
        words = [PROGRAM, "--data-dir", str(DATA), "--json", "--profile", "sandbox", "webhooks", "list"]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["webhooks"]

    def one():
        (webhook,) = kept()
        return webhook

    with Panel() as panel:
        window = at.App(panel.process)
        window.click(names.EXPLORE, role=None)
        window.click(names.WEBHOOKS, role=None)
        window.click(names.NEW_WEBHOOK)
        window.type(names.NAME, "Orders")
        window.type(names.ENDPOINT, "http://127.0.0.1:9/orders")
        window.click("user.created", at.CHECK)
        window.click(names.CREATE_WEBHOOK)
        print(window.wait_text(names.CREATED))
        created = one()
        assert created["name"] == "Orders", created
        at.screenshot("webhook-created")
        window.type(names.NAME, "Orders 2")
        window.click(names.REVIEW)
        window.wait_text("+ Orders 2")
        window.click(names.SAVE_CHANGES)
        window.wait("Saved", role=None)
        updated = one()
        assert (updated["id"], updated["name"]) == (created["id"], "Orders 2"), updated
        window.type(names.ENDPOINT, "http://127.0.0.1:9/elsewhere")
        window.click(names.REVIEW)
        at.screenshot("webhook-review")
        window.click(names.REPLACE)
        print(window.wait_text(names.REPLACED))
        replaced = one()
        assert replaced["id"] != created["id"] and replaced["endpoint"].endswith("/elsewhere"), replaced
        window.click(names.DELETE)
        at.screenshot("webhook-delete")
        window.click(names.CONFIRM_DELETE)
        print(window.wait_text(names.DELETED))
        assert kept() == []
        at.screenshot("webhook-deleted")
        window.click(names.UNDO)
        print(window.wait_text(names.UNDONE))
        again = one()
        assert again["id"] != replaced["id"] and again["name"] == "Orders 2", again
        at.screenshot("webhook-undone")
        refusals(window, again)


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
