"""A tenant's events sent here, in the real window on the sandbox: two clicks, an event arrives, and all is put back."""

import names
from panel import Panel
from sandbox_room import command, create


def webhooks():
    code, lines = command("webhooks", "list")
    assert code == 0, lines
    return lines[-1]["webhooks"]


def sending():
    import at

    with Panel() as panel:
        window = at.App(panel.process)
        window.click(names.EXPLORE, role=None)
        window.click(names.WEBHOOKS, role=None)
        window.wait(names.SEND_HERE, at.BUTTON)
        assert create("Orders", "http://127.0.0.1:9/orders")[0] == 0
        before = webhooks()

        # Two clicks to a live webhook.
        window.click(names.SEND_HERE, at.BUTTON)
        at.screenshot("sending-form")
        window.click(names.SEND_EVENTS, at.BUTTON)
        print(window.wait_text("webhook \u201cKinde Panel\u201d"))
        at.screenshot("sending-live")
        assert len(webhooks()) == len(before) + 1

        # What happens in the tenant arrives, and verifies.
        assert command("trigger", "role.created")[0] == 0
        window.wait("1 role.created, verified", role=None)
        window.wait("2 role.deleted, verified", role=None)
        at.screenshot("sending-arrived")

        window.click("Stop", at.BUTTON)
        print(window.wait_text("Everything is put back"))
        at.screenshot("sending-back")
        assert webhooks() == before, "the tenant's webhooks are as before"
        window.wait(names.LISTEN, at.BUTTON)
