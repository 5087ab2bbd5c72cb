"""The built program as the scenarios start it, and what was planted in it."""

import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

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


def on_no_file(secrets):
    """No file that the panel or its libraries may have written holds one of `secrets`."""
    looked_at = 0
    for folder in (DATA, DESKTOP / "home", DESKTOP / "config", DESKTOP / "cache"):
        for file in folder.rglob("*"):
            if file.is_file():
                looked_at += 1
                held = file.read_bytes()
                for secret in secrets:
                    assert secret.encode() not in held, f"a secret is in {file}"
    assert looked_at, "no file was looked at"
    print(f"{looked_at} files hold no canary")
