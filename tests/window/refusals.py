"""What Kinde refuses in the Webhooks room of the real window, and the ways on from there."""

import json
import urllib.request

import names
from panel import DATA
from sandbox_room import command


def told(path, body):
    """Tells the running sandbox how to behave from now on."""
    running = json.loads((DATA / "sandbox" / "running.json").read_text())
    headers = {"authorization": f"Bearer {running['control_token']}", "content-type": "application/json"}
    address = f"{running['control'].rstrip('/')}/{path}"
    request = urllib.request.Request(address, json.dumps(body).encode(), headers, method="PUT")
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 200, answer.status


def kept():
    """The webhooks as the command line lists them, by their names."""
    code, lines = command("webhooks", "list")
    assert code == 0, lines
    return {webhook["name"]: webhook for webhook in lines[-1]["webhooks"]}


def refusals(window, webhook):
    """From a list with `webhook` alone: each refusal shows, changes nothing, and what was typed can go on from it."""
    import at

    # A new one: an address the panel lets through on this machine and Kinde does not.
    window.click(names.NEW_WEBHOOK)
    window.type(names.NAME, "Odd")
    window.type(names.ENDPOINT, "http://127.0.0.2:9/odd")
    window.click("user.created", at.CHECK)
    window.click(names.CREATE_WEBHOOK)
    print(window.wait_text("Kinde refuses what was sent"))
    window.wait_text("endpoint must be a valid HTTPS URL")
    at.screenshot("webhook-refused-invalid")

    # A plan that is used up.
    told("webhooks/limit", {"limit": 1})
    window.type(names.ENDPOINT, "http://127.0.0.1:9/odd")
    window.click(names.CREATE_WEBHOOK)
    print(window.wait_text("The plan has no room for another webhook"))
    at.screenshot("webhook-refused-limit")
    assert list(kept()) == [webhook["name"]], kept()
    window.click("Discard what was typed")

    # Another endpoint for one that the command line changes meanwhile.
    window.click(webhook["id"], role=at.ROW)
    window.type(names.ENDPOINT, "http://127.0.0.1:9/third")
    assert command("webhooks", "update", webhook["id"], "--name", "Theirs")[0] == 0
    window.click(names.REVIEW)
    window.click(names.REPLACE)
    print(window.wait_text("was changed in Kinde meanwhile"))
    window.wait_text("+ Theirs")
    at.screenshot("webhook-refused-conflict")
    window.click("Keep mine")

    # It keeps the other side's name, and finds no room for two: deleting first is asked about, and leaves one.
    window.click(names.REPLACE)
    print(window.wait_text("The plan has no room for two webhooks"))
    assert kept()["Theirs"]["id"] == webhook["id"], "the old one stays"
    window.click("Delete the old one first…")
    window.click("Delete, then create")
    print(window.wait_text(names.REPLACED))
    (name,), (new,) = zip(*kept().items())
    assert name == "Theirs" and new["id"] != webhook["id"] and new["endpoint"].endswith("/third"), new
    at.screenshot("webhook-replaced-at-the-limit")
    told("webhooks/limit", {"limit": None})

    # It is deleted behind the window's back: what was typed is not lost.
    window.type(names.NAME, "Gone")
    window.click(names.REVIEW)
    assert command("webhooks", "delete", new["id"])[0] == 0
    window.click(names.SAVE_CHANGES)
    print(window.wait_text("is no longer in Kinde"))
    window.click("Keep the draft as a new webhook")
    window.click(names.CREATE_WEBHOOK)
    print(window.wait_text(names.CREATED))
    assert list(kept()) == ["Gone"], kept()
    at.screenshot("webhook-kept-as-new")

    # A scope that the application lost.
    told("faults", {"missing_scopes": ["update:webhooks"]})
    window.type(names.NAME, "Late")
    window.click(names.REVIEW)
    window.click(names.SAVE_CHANGES)
    print(window.wait_text("lacks the scope update:webhooks"))
    window.wait("Open the doctor", at.BUTTON)
    assert list(kept()) == ["Gone"], kept()
    at.screenshot("webhook-refused-scope")
