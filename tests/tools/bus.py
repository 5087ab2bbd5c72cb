"""A way to the session bus that can be taken away while a program runs.

Accessible names travel over the session bus. So a program that is to find no bus for anything else is let through once,
for its accessibility, and after `gone` whoever calls finds nothing at the address, as where there is no D-Bus at all.
"""

import os
import socket
import threading


class Bus:
    """Passes calls on to the real bus until it is gone. `address` is for DBUS_SESSION_BUS_ADDRESS."""

    def __init__(self, folder):
        self.path = str(folder / "bus-for-once")
        self.address = f"unix:path={self.path}"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        real = dict(part.split("=", 1) for part in os.environ["DBUS_SESSION_BUS_ADDRESS"].split(":", 1)[1].split(","))
        self.real = real["path"] if "path" in real else "\0" + real["abstract"]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                caller, _ = self.listener.accept()
            except OSError:
                return
            bus = socket.socket(socket.AF_UNIX)
            bus.connect(self.real)
            for one, other in ((caller, bus), (bus, caller)):
                threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    @staticmethod
    def _pass_on(one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # one of the two ended

    def gone(self):
        """From now on there is no bus at the address. Who is connected stays so."""
        os.unlink(self.path)
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
