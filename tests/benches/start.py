"""From exec to the first presented frame, and memory 5 s later: the panel and a bare eframe window in turns.

    start.py PANEL BARE [RUNS]

Each program starts once unmeasured (files come into the cache, the data folder is made), then RUNS times in turns. Both
print `frame N` as a frame begins and ask for one more after the first: frame 1 begins when frame 0 was presented.
Memory is PSS, the process's fair share of what it maps, from the kernel. The last line is the panel against the bare one.
"""

import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

WAIT = 5


def measure(words):
    """Milliseconds to the first presented frame, and PSS in MB after WAIT seconds."""
    began = time.monotonic()
    process = subprocess.Popen(
        [*words, "--trace-frames"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        for line in process.stderr:
            if line.startswith("frame 1"):
                shown = (time.monotonic() - began) * 1000
                break
        else:
            raise RuntimeError(f"{words[0]} ended before its first frame was shown")
        time.sleep(WAIT)
        rollup = pathlib.Path(f"/proc/{process.pid}/smaps_rollup").read_text()
        pss = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        return shown, pss / 1024
    finally:
        process.terminate()
        process.stderr.close()
        process.wait()


def main():
    panel, bare = sys.argv[1:3]
    runs = int(sys.argv[3]) if len(sys.argv) > 3 else 7
    data = os.path.join(os.environ["DESKTOP"], "data")
    programs = {"panel": [panel, "--data-dir", data], "bare": [bare]}
    seen = {name: [] for name in programs}
    for words in programs.values():
        measure(words)
    for _ in range(runs):
        for name, words in programs.items():
            seen[name].append(measure(words))
    print(f"{platform.platform()}, {os.cpu_count()} cores, {runs} runs in turns, medians (least–most)")
    print(f"{'':8}{'first frame':>24}{'memory (PSS)':>24}{'binary':>12}")
    medians = {}
    for name, values in seen.items():
        starts, sizes = zip(*values)
        medians[name] = statistics.median(starts), statistics.median(sizes)
        size = os.path.getsize(programs[name][0]) / 1e6
        print(
            f"{name:8}{medians[name][0]:8.0f} ms ({min(starts):.0f}–{max(starts):.0f})"
            f"{medians[name][1]:14.0f} MB ({min(sizes):.0f}–{max(sizes):.0f}){size:10.1f} MB"
        )
    start, memory = (one / other for one, other in zip(medians["panel"], medians["bare"]))
    print(f"start={start:.2f} memory={memory:.2f}")


if __name__ == "__main__":
    main()
