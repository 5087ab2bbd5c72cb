"""Presses buttons in the Chromium of the test desktop, over its DevTools port, with the standard library alone."""

import base64
import json
import os
import pathlib
import socket
import struct
import time
import urllib.request

PATIENCE = 30


class Page:
    """One tab, by its DevTools WebSocket."""

    def __init__(self, address):
        host, path = address.removeprefix("ws://").split("/", 1)
        name, port = host.split(":")
        self.socket = socket.create_connection((name, int(port)), timeout=PATIENCE)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self.socket.recv(1)
        if b" 101 " not in answer.split(b"\r\n", 1)[0]:
            raise RuntimeError(f"DevTools refused: {answer!r}")
        self.number = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def _read(self, count):
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise RuntimeError("the tab was closed")
            data += piece
        return data

    def _message(self):
        text = b""
        while True:
            first, second = self._read(2)
            length = second & 0x7F
            if length == 126:
                (length,) = struct.unpack(">H", self._read(2))
            elif length == 127:
                (length,) = struct.unpack(">Q", self._read(8))
            payload = self._read(length)
            if first & 0x0F in (0, 1):
                text += payload
                if first & 0x80:
                    return json.loads(text)

    def call(self, method, **params):
        """One DevTools call and its result."""
        self.number += 1
        data = json.dumps({"id": self.number, "method": method, "params": params}).encode()
        mask = os.urandom(4)
        length = struct.pack(">BH", 0x80 | 126, len(data)) if len(data) > 125 else bytes([0x80 | len(data)])
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))
        self.socket.sendall(b"\x81" + length + mask + masked)
        while True:
            message = self._message()
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]

    def evaluate(self, expression):
        """The value of a JavaScript expression in the page."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"])
        return result["result"].get("value")

    def text(self):
        """What the page shows."""
        return self.evaluate("document.body ? document.body.innerText : ''") or ""

    def press(self, name):
        """Presses the button or link of this name with the mouse; False when there is none or it did not arrive.

        Chromium drops what is pressed before a new page was first painted, so the page notes the press.
        """
        spot = self.evaluate(
            """(() => {
              for (const e of document.querySelectorAll('button, input[type=submit], a')) {
                if ((e.innerText || e.value || '').trim() !== %s) continue;
                e.scrollIntoView({block: 'center'});
                e.addEventListener('click', () => { window.pressArrived = true; }, {once: true});
                const box = e.getBoundingClientRect();
                if (box.width) return [box.x + box.width / 2, box.y + box.height / 2];
              }
              return null;
            })()"""
            % json.dumps(name)
        )
        if not spot:
            return False
        before = self.evaluate("location.href")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=spot[0], y=spot[1], button="left", clickCount=1)
        for _ in range(10):
            # A page that is gone, or another, is one in which the press arrived.
            try:
                if self.evaluate("window.pressArrived === true") or self.evaluate("location.href") != before:
                    return True
            except RuntimeError:
                return True
            time.sleep(0.05)
        return False


def tabs():
    """The open tabs; none while the browser is not there yet."""
    try:
        port = (pathlib.Path(os.environ["DESKTOP"]) / "chromium/DevToolsActivePort").read_text().split()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=5) as answer:
            return [tab for tab in json.load(answer) if tab["type"] == "page"]
    except OSError:
        return []


def press(name, patience=PATIENCE, opener=None):
    """Waits for a tab that shows a button of this name and presses it. Answers the tab's address before the press.

    With `opener`, the process that is to open the tab: gives up when it ended.
    """
    deadline = time.monotonic() + patience
    seen = []
    while time.monotonic() < deadline:
        seen = [tab["url"] for tab in tabs()]
        for tab in tabs():
            try:
                with Page(tab["webSocketDebuggerUrl"]) as page:
                    if page.press(name):
                        return tab["url"]
            except (OSError, RuntimeError):
                continue  # it was navigating: the next round sees the new page
        if opener and opener.poll() is not None:
            output, errors = opener.communicate() if opener.stderr else ("", "")
            raise RuntimeError(f"ended with {opener.returncode} before {name!r} could be pressed: {output}{errors}")
        time.sleep(0.1)
    raise TimeoutError(f"no button {name!r} in the browser; open: {seen or 'nothing'}")


def wait_address(part, patience=PATIENCE):
    """Waits until a tab stands at an address that holds `part`; answers the address."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        for tab in tabs():
            if part in tab["url"]:
                return tab["url"]
        time.sleep(0.1)
    raise TimeoutError(f"no tab at {part!r}: {[tab['url'] for tab in tabs()]}")
