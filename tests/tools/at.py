"""Finds and uses controls of a window by their accessible names, as a screen reader does (AT-SPI).

Run with Debian's own /usr/bin/python3, which has `gi`.
"""

import os
import subprocess
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi  # noqa: E402

PATIENCE = 20
BUTTON, LABEL, ENTRY, CHECK, RADIO, COMBO = "push button", "label", "entry", "check box", "radio button", "combo box"
PASSWORD, TOGGLE, TAB, ROW = "password text", "toggle button", "page tab", "table row"


class Node:
    """One control. Its values are asked anew each time: nothing here is cached."""

    def __init__(self, accessible):
        self.raw = accessible

    @property
    def name(self):
        return self.raw.get_name() or ""

    @property
    def role(self):
        return self.raw.get_role_name()

    @property
    def text(self):
        """What an entry or a label holds."""
        try:
            if self.raw.get_text_iface():
                return self.raw.get_text(0, -1) or ""
        except gi.repository.GLib.Error:
            pass
        return ""

    def has(self, state):
        return self.raw.get_state_set().contains(getattr(Atspi.StateType, state))

    @property
    def enabled(self):
        return self.has("ENABLED") or self.has("SENSITIVE")

    def children(self):
        for index in range(self.raw.get_child_count()):
            child = self.raw.get_child_at_index(index)
            if child is not None:
                yield Node(child)

    def walk(self):
        """This control and all below it, top down."""
        yield self
        for child in self.children():
            yield from child.walk()

    def click(self):
        if not self.raw.do_action(0):
            raise RuntimeError(f"{self} cannot be pressed")

    def type(self, text):
        """Replaces what the entry holds."""
        self.raw.grab_focus()
        if not self.raw.set_text_contents(text):
            raise RuntimeError(f"{self} takes no text")

    def box(self):
        """x, y, width, height on the screen."""
        area = self.raw.get_extents(Atspi.CoordType.SCREEN)
        return area.x, area.y, area.width, area.height

    def point_and_click(self):
        """Presses with the real pointer."""
        x, y, width, height = self.box()
        subprocess.run(["xdotool", "mousemove", str(x + width // 2), str(y + height // 2), "click", "1"], check=True)

    def __str__(self):
        return f"{self.role} {self.name!r}"


class App:
    """The accessible tree of one program, given as the `subprocess.Popen` it runs in."""

    def __init__(self, process, patience=PATIENCE):
        self.process, self.pid = process, process.pid
        self.top = self.until(self._find_top, patience, lambda: f"no accessible window of process {self.pid}")

    def _find_top(self):
        desktop = Atspi.get_desktop(0)
        desktop.clear_cache()
        for index in range(desktop.get_child_count()):
            app = desktop.get_child_at_index(index)
            if app is not None and app.get_process_id() == self.pid and app.get_child_count():
                return app
        return None

    def until(self, look, patience, complaint):
        """Waits until `look` answers something, and answers that."""
        deadline = time.monotonic() + patience
        while True:
            try:
                found = look()
                if found:
                    return found
            except gi.repository.GLib.Error:
                pass  # a control went away while it was looked at: look again
            if self.process.poll() is not None:
                raise RuntimeError(f"the program ended with {self.process.returncode}")
            if time.monotonic() > deadline:
                raise TimeoutError(complaint())
            time.sleep(0.1)

    def to_front(self):
        """Lifts the window over the browser: there is no window manager on the test desktop."""
        found = subprocess.run(
            ["xdotool", "search", "--onlyvisible", "--pid", str(self.pid)], check=True, capture_output=True, text=True
        ).stdout.split()
        for window in found:
            subprocess.run(["xdotool", "windowraise", window, "windowfocus", window], check=True)
        time.sleep(0.3)  # for a picture only: what was under the browser is drawn anew

    def nodes(self):
        self.top.clear_cache()
        return list(Node(self.top).walk())

    def find(self, name, role=None, exact=True):
        """The first control of this name (and role) that is there now, or None."""
        for node in self.nodes():
            same = node.name == name if exact else name.lower() in node.name.lower()
            if same and (role is None or node.role == role):
                return node
        return None

    def wait(self, name, role=None, exact=True, enabled=False, patience=PATIENCE):
        """Waits for a control."""

        def look():
            node = self.find(name, role, exact)
            return node if node and (node.enabled or not enabled) else None

        return self.until(look, patience, lambda: f"no {role or 'control'} {name!r}; there is:\n{self.dump()}")

    def wait_gone(self, name, role=None, patience=PATIENCE):
        self.until(lambda: not self.find(name, role), patience, lambda: f"{name!r} stays; there is:\n{self.dump()}")

    def click(self, name, role=BUTTON, patience=PATIENCE):
        """Waits until a control can be pressed and presses it."""
        self.wait(name, role, enabled=True, patience=patience).click()

    def type(self, name, text, role=ENTRY, patience=PATIENCE):
        self.wait(name, role, enabled=True, patience=patience).type(text)

    def said(self):
        """Every text in the window, one line each."""
        return "\n".join(part for node in self.nodes() for part in dict.fromkeys((node.name, node.text)) if part)

    def wait_text(self, part, patience=PATIENCE):
        """Waits until the window says `part` somewhere; answers the whole line."""

        def look():
            return next((line for line in self.said().splitlines() if part in line), None)

        return self.until(look, patience, lambda: f"the window never said {part!r}; it says:\n{self.said()}")

    def dump(self):
        """The tree as indented lines."""
        lines = []

        def show(node, depth):
            text = node.text
            value = f" = {text!r}" if text and text != node.name else ""
            states = "" if node.enabled else " (disabled)"
            lines.append(f"{'  ' * depth}{node}{value}{states}")
            for child in node.children():
                show(child, depth + 1)

        self.top.clear_cache()
        show(Node(self.top), 0)
        return "\n".join(lines)


def screenshot(name):
    """Takes a picture of the whole screen into $KINDE_PANEL_SHOTS, where that is set."""
    folder = os.environ.get("KINDE_PANEL_SHOTS")
    if folder:
        os.makedirs(folder, exist_ok=True)
        subprocess.run(["import", "-silent", "-window", "root", os.path.join(folder, f"{name}.png")], check=False)
