"""The Email room in the real window: a wrong password, a good check, a test message read in the sandbox; no secret seen."""

import base64
import json
import subprocess
import urllib.request

import names
from panel import DATA, Panel, on_no_file

CANARY = "canary-7Zq8Zq8Zq8Zq8Zq8Zq8"


def mails():
    """What the sandbox's mail server took, newest first, asked of it directly."""
    running = json.loads((DATA / "sandbox" / "running.json").read_text())
    bearer = {"authorization": f"Bearer {running['control_token']}"}
    with urllib.request.urlopen(urllib.request.Request(f"{running['control']}/mails", headers=bearer), timeout=20) as answer:
        return json.load(answer)["mails"]


def email():
    import at

    forms = [CANARY, *(base64.b64encode(text.encode()).decode() for text in (CANARY, f"\0sandbox\0{CANARY}"))]

    def unseen(place, text):
        for form in forms:
            assert form not in text, f"the password is in {place}"

    with Panel("--trace") as panel:
        window = at.App(panel.process)
        window.click(names.EXPLORE, role=None)
        window.click(names.EMAIL, role=None)
        window.wait_text("From this computer. Kinde's servers will connect later.")
        window.click(names.SANDBOX_SMTP)
        window.until(
            lambda: window.wait(names.SERVER_NAME, at.ENTRY).text == "127.0.0.1", 20, lambda: "the form was not filled"
        )
        at.screenshot("email-filled")

        # A wrong password: the server's own words, and the password in no text.
        window.type(names.PASSWORD, CANARY, role=at.PASSWORD)
        window.click(names.CHECK_SERVER)
        print(window.wait_text("535 5.7.8", patience=60))
        at.screenshot("email-refused")
        window.click(names.TRANSCRIPT, role=None)
        window.wait_text("S: 535 5.7.8")
        unseen("the window", window.dump())
        at.screenshot("email-transcript")

        # The right one: everything is looked at, and nothing is sent.
        window.click(names.SANDBOX_SMTP)
        window.click(names.CHECK_SERVER)
        window.wait_text("235 2.7.0", patience=60)
        window.wait(names.CHECK_SERVER, enabled=True)
        at.screenshot("email-good")
        assert mails() == [], "a check sends nothing"

        # A message, sent by its own button and read in the sandbox.
        window.click(names.SEND_TEST)
        print(window.wait_text("The server took the test email to", patience=60))
        at.screenshot("email-sent")
        taken = mails()
        assert len(taken) == 1 and taken[0]["tls"] == "TLSv1.3", taken
        window.click(names.READ_IN_SANDBOX)
        window.wait(f"1 {taken[0]['subject']}", at.ROW)
        window.wait_text(taken[0]["queue_id"])
        at.screenshot("email-read")

        # What is typed into Kinde.
        window.click(names.EMAIL, role=None)
        window.click(names.HAND_OVER, at.TAB)
        window.wait_text("Settings > Environment > Messaging > Email Sender")
        window.click(names.IT_FAILED)
        window.type(names.WHAT_KINDE_SAID, "535 5.7.8 Error: authentication failed")
        print(window.wait_text("535 5.7.8: "))
        at.screenshot("email-handover")
        window.click(names.ACTIVITY, role=None)
        unseen("Activity", window.dump())
        unseen("the process list", subprocess.run(["ps", "axeww"], capture_output=True, text=True).stdout)
    unseen("the log", "\n".join(line for _, line in panel.lines))
    on_no_file(forms)
