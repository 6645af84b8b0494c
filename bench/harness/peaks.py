"""Peak memory of a running program and of tiptoe beside it, each for itself.

wait4 tells the largest of all processes only, and not which one that was. The kernel keeps each process's
peak (VmHWM) as long as it runs, so it is enough to look from time to time: what is missed is what a process
grew by since the last look before it ended.
"""

import dataclasses
import os
import pathlib
import re
import threading
import time

FIRST_LOOKS, LATER_LOOKS = 0.002, 0.02  # seconds between two; a look costs some 0.1 ms


@dataclasses.dataclass
class Peaks:
    program: int = 0  # kB, of the largest process that is not tiptoe's
    tiptoe: int = 0  # kB, of the largest that is


class Watch(threading.Thread):
    """Looks at a process and its descendants until stopped."""

    def __init__(self, pid, tiptoe):
        super().__init__(daemon=True)
        self.pid, self.tiptoe, self.peaks = pid, os.path.realpath(tiptoe), Peaks()
        self._over = threading.Event()
        self.start()

    def run(self):
        begin = time.monotonic()
        while True:
            for pid in _family(self.pid):
                self._look_at(pid)
            elapsed = time.monotonic() - begin
            if self._over.wait(min(LATER_LOOKS, FIRST_LOOKS + elapsed / 20)):
                return

    def stop(self):
        self._over.set()
        self.join()
        return self.peaks

    def _look_at(self, pid):
        try:
            # The peak first: what has become another program since then has a peak of its own.
            peak = re.search(r"^VmHWM:\s*(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
            ours = os.readlink(f"/proc/{pid}/exe") == self.tiptoe
        except OSError:
            return  # has ended
        whose = "tiptoe" if ours else "program"
        if peak:
            setattr(self.peaks, whose, max(getattr(self.peaks, whose), int(peak.group(1))))


def _family(pid):
    """A process and all that descends from it, as /proc shows them at this moment."""
    found = [pid]
    for member in found:
        try:
            for task in os.listdir(f"/proc/{member}/task"):
                children = pathlib.Path(f"/proc/{member}/task/{task}/children").read_text()
                found += map(int, children.split())
        except OSError:
            pass  # has ended
    return found
