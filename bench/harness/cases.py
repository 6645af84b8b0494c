"""What is measured: one line a case.

A case is a command that does a fixed amount of work. Groups: `program` (real programs, the figures that
count), `kernel` (one mechanism each; sources in bench/kernels), `start` (short programs: what starting
costs), `once` (code that runs a single time: what translating costs).
"""

import dataclasses
import subprocess

GROUPS = ("program", "kernel", "start", "once")

# Functions in the `once` case, and what each executes: a call, 100 instructions, a return.
ONCE_FUNCTIONS = 10000
ONCE_INSTRUCTIONS_A_FUNCTION = 102


@dataclasses.dataclass
class Case:
    name: str
    group: str
    command: list
    stdin: str = "/dev/null"
    note: str = ""


def _cc1():
    found = subprocess.run(["gcc", "-print-prog-name=cc1"], capture_output=True, text=True, check=True)
    return found.stdout.strip()


def _programs(inputs, bench, factor):
    scripts = bench / "programs"
    rows = int(100000 * factor)
    return [
        Case("perl", "program", ["/usr/bin/perl", str(scripts / "work.pl"), str(3 * factor)]),
        Case("python3", "program", ["/usr/bin/python3", str(scripts / "work.py"), str(factor)]),
        Case("lua5.4", "program", ["/usr/bin/lua5.4", str(scripts / "work.lua"), str(2.5 * factor)]),
        Case("sqlite3", "program", ["/usr/bin/sqlite3", ":memory:"], inputs.sql(scripts / "work.sql", rows)),
        Case("gzip", "program", ["/usr/bin/gzip", "-6", "-n", "-c", inputs.text(12 * factor)]),
        Case("xz", "program", ["/usr/bin/xz", "-3", "-T1", "-c", inputs.text(4 * factor)]),
        Case("cc1", "program", [_cc1(), "-quiet", "-fpreprocessed", "-O2", "-w", "-o", "-",
                                inputs.c_source(int(250 * factor))]),
    ]


def _kernels(build, factor):
    names = ("recursion", "many_callers", "random_callers", "deep_calls", "switch_vm", "threaded_vm",
             "virtual_calls", "one_callback", "sort_callbacks", "trees", "tight_loop", "sha_rounds")
    return [Case(name, "kernel", [str(build / "bench" / name), str(factor)]) for name in names]


def _starts(inputs):
    hello = str(inputs.directory / "hello")
    return [
        Case("true", "start", ["/bin/true"]),
        Case("python3 -c pass", "start", ["/usr/bin/python3", "-c", "pass"]),
        Case("gcc hello.c", "start", ["/usr/bin/gcc", "-o", hello, inputs.hello_source()]),
    ]


def all_cases(inputs, bench, build, factor):
    """Every case. `factor` scales the work of those that have an amount of it."""
    return [
        *_programs(inputs, bench, factor),
        *_kernels(build, factor),
        *_starts(inputs),
        Case("once", "once", [inputs.code_run_once(ONCE_FUNCTIONS)]),
    ]
