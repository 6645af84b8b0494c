"""Runs a case in a mode and measures it: CPU time of everybody who took part, wall time, memory, trace.

CPU time (user and system) is what wait4 reports for the process started and all that it waited for. In
`record` this includes the recorder, which works beside the program; `app_cpu` is the total without what
the recorder itself used, and is known only to the clock tick (10 ms).
"""

import dataclasses
import hashlib
import os
import pathlib
import re
import signal
import subprocess
import threading
import time


@dataclasses.dataclass
class Mode:
    name: str
    prefix: list  # what stands before the program's command
    trace: str = ""  # the file it writes


@dataclasses.dataclass
class Sample:
    cpu: float  # seconds
    app_cpu: float
    wall: float
    memory_kb: int  # of the largest process
    status: int  # as wait reports it
    output: str  # hash of standard output
    trace_bytes: int = 0
    instructions: int = 0  # as the recorder counted them
    complaint: str = ""  # last line of standard error of a failed run


def modes(tiptoe, directory):
    trace = str(pathlib.Path(directory) / "bench.trace")
    return [
        Mode("native", []),
        Mode("run", [tiptoe, "run", "--"]),
        Mode("record", [tiptoe, "record", "-o", trace, "--"], trace),
    ]


def measure(case, mode, directory, timeout):
    for name in (mode.trace, mode.trace + ".old"):
        if mode.trace and os.path.exists(name):
            os.remove(name)
    out_path = pathlib.Path(directory) / "stdout"
    err_path = pathlib.Path(directory) / "stderr"
    with open(case.stdin, "rb") as stdin, open(out_path, "wb") as out, open(err_path, "wb") as err:
        begin = time.perf_counter()
        child = subprocess.Popen(mode.prefix + case.command, stdin=stdin, stdout=out, stderr=err,
                                 start_new_session=True)
        # A hang ends the whole session that was just made, and nobody else.
        watchdog = threading.Timer(timeout, os.killpg, (child.pid, signal.SIGKILL))
        watchdog.start()
        try:
            os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        except BaseException:  # interrupted: nothing is left running
            os.killpg(child.pid, signal.SIGKILL)
            raise
        wall = time.perf_counter() - begin
        own_cpu = _own_cpu(child.pid)
        watchdog.cancel()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = status
    cpu = usage.ru_utime + usage.ru_stime
    sample = Sample(cpu=cpu, app_cpu=cpu - own_cpu if mode.trace else cpu, wall=wall,
                    memory_kb=usage.ru_maxrss, status=status,
                    output=hashlib.sha256(out_path.read_bytes()).hexdigest())
    errors = err_path.read_text(errors="replace")
    if status != 0:
        sample.complaint = (errors.strip().splitlines() or ["no message"])[-1][:120]
    if mode.trace and os.path.exists(mode.trace):
        sample.trace_bytes = os.path.getsize(mode.trace)
        counted = re.findall(r"^tiptoe: ([\d,]+) instructions", errors, re.MULTILINE)
        sample.instructions = int(counted[-1].replace(",", "")) if counted else 0
        os.remove(mode.trace)
    return sample


def _own_cpu(pid):
    """CPU time of an ended, not yet reaped process without its children, from /proc."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
