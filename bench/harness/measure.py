"""Runs a case in a mode and measures it: CPU time of everybody who took part, wall time, memory, trace.

CPU time (user and system) is what wait4 reports for the process started and all that it waited for. In a
recording this includes the recorder, which works beside the program; `app_cpu` is the total without what
the recorder itself used, and is known only to the clock tick (10 ms).
"""

import dataclasses
import hashlib
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import threading
import time

from . import peaks


@dataclasses.dataclass
class Sample:
    cpu: float  # seconds
    app_cpu: float
    wall: float
    status: int  # as wait reports it
    output: str  # hash of standard output
    program_kb: int = 0  # peak of the program's largest process; 0: it was too short to be seen
    tiptoe_kb: int = 0  # peak of tiptoe beside it: of the recorder, in a recording
    trace_bytes: int = 0
    worked: float = 0.0  # seconds of wall time, as the program itself says
    complaint: str = ""  # last line of standard error of a failed run


@dataclasses.dataclass
class Counts:
    """What a trace tells about the run."""
    instructions: int = 0
    blocks: int = 0  # different ones
    problem: str = ""


def measure(case, mode, tiptoe, directory, timeout):
    _remove_trace(mode)
    err_path = pathlib.Path(directory) / "stderr"
    # Standard output goes to memory, so that no disk is in the measurement.
    with open(case.stdin, "rb") as stdin, open(os.memfd_create("stdout"), "w+b") as out, open(err_path, "wb") as err:
        sample, usage = _timed(mode.prefix + case.command, stdin, out, err, tiptoe, timeout)
        out.seek(0)
        sample.output = hashlib.file_digest(out, "sha256").hexdigest()
    if not mode.trace:
        sample.app_cpu = sample.cpu
    _settle_memory(sample, mode, usage.ru_maxrss)
    errors = err_path.read_text(errors="replace")
    if sample.status != 0:
        sample.complaint = (errors.strip().splitlines() or ["no message"])[-1][:120]
    worked = re.search(r"worked ([\d.]+) s$", errors, re.MULTILINE)
    sample.worked = float(worked.group(1)) if worked else 0.0
    if mode.trace and os.path.exists(mode.trace):
        sample.trace_bytes = os.path.getsize(mode.trace)
    return sample


def _timed(command, stdin, out, err, tiptoe, timeout):
    begin = time.perf_counter()
    child = subprocess.Popen(command, stdin=stdin, stdout=out, stderr=err, start_new_session=True)
    # A hang ends the whole session that was just made, and nobody else.
    watchdog = threading.Timer(timeout, os.killpg, (child.pid, signal.SIGKILL))
    watchdog.start()
    watch = peaks.Watch(child.pid, tiptoe)
    try:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    except BaseException:  # interrupted: nothing is left running
        os.killpg(child.pid, signal.SIGKILL)
        raise
    finally:
        watchdog.cancel()
    wall = time.perf_counter() - begin
    seen = watch.stop()
    own_cpu = _own_cpu(child.pid)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status
    cpu = usage.ru_utime + usage.ru_stime
    sample = Sample(cpu=cpu, app_cpu=cpu - own_cpu, wall=wall, status=status, output="",
                    program_kb=seen.program, tiptoe_kb=seen.tiptoe)
    return sample, usage


def _own_cpu(pid):
    """CPU time of an ended, not yet reaped process without its children, from /proc."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _settle_memory(sample, mode, largest_kb):
    """The kernel knows the peak of the largest process exactly; what was seen only says whose it is.

    But it counts this harness's own peak in, whose memory the child had before it became the program: so
    small programs have what was seen.
    """
    seen = sample.program_kb
    if largest_kb > resource.getrusage(resource.RUSAGE_SELF).ru_maxrss and (
            not mode.by_tiptoe or seen > sample.tiptoe_kb):
        sample.program_kb = largest_kb


def _remove_trace(mode):
    for name in (mode.trace, mode.trace + ".old"):
        if mode.trace and os.path.exists(name):
            os.remove(name)


def counts(mode, tiptoe):
    """Reads the trace that the last run left. Not part of any time."""
    info = subprocess.run([tiptoe, "info", "--json", mode.trace], capture_output=True, text=True)
    try:
        facts = json.loads(info.stdout)
    except json.JSONDecodeError:
        return Counts(problem=f"tiptoe info cannot read the trace: {info.stderr.strip()[:120]}")
    found = facts.get("counts", {})
    problems = list(facts.get("problems", []))
    if not facts.get("complete", True):
        problems.append("it has no end")
    if found.get("dropped_words"):
        problems.append(f"{found['dropped_words']} words dropped")
    return Counts(found.get("instructions", 0), sum(image.get("blocks", 0) for image in facts.get("images", [])),
                  "; ".join(problems)[:200])
