"""One attempt in the real window: its ladder, its bytes, its timeline, why the handler refused it, and its replay."""

import http.server
import threading

import names
from inspector import send
from panel import Panel


class Handler(http.server.BaseHTTPRequestHandler):
    """A handler that parses every body as JSON until it is mended; keeps what came."""

    mended = False
    came = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        Handler.came.append((self.headers["webhook-id"], self.headers["x-kinde-panel-replay"], body))
        answer = b"" if Handler.mended else b"Unexpected token 'e', \"eyJhbGciOi\"... is not valid JSON"
        self.send_response(200 if Handler.mended else 400)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def attempt():
    import at

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    target = f"http://localhost:{server.server_port}/api/webhooks"
    with Panel() as panel:
        window = at.App(panel.process)
        window.click(names.EXPLORE, role=None)
        window.wait(names.CONNECT, at.BUTTON)
        window.click(names.INSPECTOR, role=None)
        window.wait("Paste…", at.BUTTON)
        window.click("More of the Inspector", role=None)
        window.click("Receiving settings…", role=None)
        window.type("Forward to this address", target)
        window.click("Add", at.BUTTON)
        window.wait(f"Stop forwarding to {target}", at.BUTTON)
        window.click(names.SAVE, at.BUTTON)
        window.wait_gone("How sandbox receives")
        window.click(names.LISTEN, at.BUTTON)
        url = window.wait_text("send user.created --to").split("--to ")[1].strip()
        assert send(url, "user.created", "--repeat", "2") == [200] * 2
        window.wait_text("400 · ")
        at.screenshot("attempt-refused")

        # The sentence, the eight rungs with what each saw, and that the handler refused it, whatever part shows.
        window.click("1 user.created, verified", role=None)
        print(window.wait_text("Verified: user.created, signed by the sandbox"))
        print(window.wait_text(f"Answered 400 by localhost:{server.server_port}/api/webhooks."))
        window.click("Why?", at.BUTTON)
        window.wait("Hide checks", at.BUTTON)
        said = window.said()
        for rung in ["transport", "envelope", "header", "key", "signature", "claims", "freshness", "duplicate"]:
            assert rung in said.splitlines(), rung
        assert "POST, application/jwt" in said and "5a:bd:" in said, said
        window.click("key, closed", role=None)
        print(window.wait_text("RSA 2048"))
        at.screenshot("attempt-ladder")
        window.click("Hide checks", at.BUTTON)

        # The bytes, as text and as hex, and the headers.
        webhook_id, _, body = Handler.came[0]
        window.click("Raw", at.TAB)
        window.wait_text(f"{len(body)} bytes. SHA-256 ")
        window.wait_text(body.decode()[:40])
        window.click("Hex", role=None)
        window.wait_text("00000000  65 79 4a")
        window.click("Headers", at.TAB)
        window.wait_text(webhook_id)

        # Why it was refused, and what mends it where it is written in Express.
        window.click("Show the forwards", at.BUTTON)
        print(window.wait_text("its body parser expects application/json"))
        window.wait_text("Choose what it is built with")
        window.click("Built with", at.COMBO)
        window.click("Express", role=None)
        print(window.wait_text("The change for Express"))
        at.screenshot("attempt-explained")
        window.wait_text("Answered 200: Kinde sends it no more")

        # Mended, it is replayed beside the explanation: the same bytes under the same id.
        Handler.mended = True
        window.click("Replay", at.BUTTON)
        window.wait_text("200 · ")
        at.screenshot("attempt-replayed")
        assert Handler.came[-1] == (webhook_id, "1", body), Handler.came[-1]
        window.wait_gone("Show the forwards")

        # From the list, to where it went the last time.
        window.click("Replay…", at.BUTTON)
        window.wait("Replay this event", role=None)
        assert window.wait("Target", at.ENTRY).text == target
        for button in [node for node in window.nodes() if node.name == "Replay" and node.role == at.BUTTON][-1:]:
            button.click()
        print(window.wait_text("1 of 1 done: 1 answered 200"))
        at.screenshot("attempt-replayed-from-the-list")
        window.click("Done", at.BUTTON)
        assert Handler.came[-1] == (webhook_id, "1", body), Handler.came[-1]

        # Kinde's own copy, and the other attempt, field by field.
        window.click("Kinde's copy", at.TAB)
        window.click("Ask Kinde", at.BUTTON)
        window.wait_text("the same")
        at.screenshot("attempt-truth")
        window.click("Compare", at.TAB)
        window.type("Number of the other attempt", "2")
        window.click("Compare with it", at.BUTTON)
        window.wait_text("differs")
        at.screenshot("attempt-compared")
    server.shutdown()
