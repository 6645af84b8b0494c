"""What is measured: one line a case.

A case is a command that does a fixed amount of work. Groups: `program` (real programs, the figures that
count), `kernel` (one mechanism each; sources in bench/kernels), `start` (short programs: what starting
costs), `once` (code that runs a single time: what translating costs), `threads` and `size` (the same work
with more threads, and more code: what grows with them).
"""

import dataclasses
import shutil
import subprocess

GROUPS = ("program", "kernel", "start", "once", "threads", "size")

# Functions in the `once` case, and what each executes: a call, 100 instructions, a return.
ONCE_FUNCTIONS = 10000
ONCE_INSTRUCTIONS_A_FUNCTION = 102

THREADS = (1, 2, 4, 64, 1000)
SIZES = (1000, 4000, 16000)  # functions, each of 20 branches and a return


@dataclasses.dataclass
class Case:
    name: str
    group: str
    command: list
    stdin: str = "/dev/null"
    scale: int = 0  # threads, or functions executed


def _cc1():
    found = subprocess.run(["gcc", "-print-prog-name=cc1"], capture_output=True, text=True, check=True)
    return found.stdout.strip()


def _programs(inputs, bench, build, factor):
    scripts = bench / "programs"

    def amount(units):
        return max(1, int(units * factor))

    def more_than_linear(units):
        """For work that grows about with the square of the units."""
        return max(9, int(units * factor ** 0.5))

    return [
        Case("perl", "program", ["/usr/bin/perl", str(scripts / "work.pl"), str(3 * factor)]),
        Case("python3", "program", ["/usr/bin/python3", str(scripts / "work.py"), str(factor)]),
        Case("python3 threads", "program", ["/usr/bin/python3", str(scripts / "threads.py"), str(2 * factor)]),
        Case("lua5.4", "program", ["/usr/bin/lua5.4", str(scripts / "work.lua"), str(2.5 * factor)]),
        Case("gawk", "program", ["/usr/bin/gawk", "-f", str(scripts / "work.awk"), inputs.text(8 * factor)]),
        Case("bc", "program", ["/usr/bin/bc", "-lq", inputs.filled_in(
            scripts / "work.bc", digits=more_than_linear(900), primes=more_than_linear(9000),
            factorial=more_than_linear(1500))]),
        Case("sqlite3", "program", ["/usr/bin/sqlite3", ":memory:"],
             inputs.filled_in(scripts / "work.sql", rows=amount(100000))),
        Case("cc1", "program", [_cc1(), "-quiet", "-fpreprocessed", "-O2", "-w", "-o", "-",
                                inputs.c_source(amount(90))]),
        Case("gzip", "program", ["/usr/bin/gzip", "-6", "-n", "-c", inputs.text(12 * factor)]),
        Case("pigz -p2", "program", ["/usr/bin/pigz", "-6", "-n", "-p2", "-c", inputs.text(12 * factor)]),
        Case("xz", "program", ["/usr/bin/xz", "-3", "-T1", "-c", inputs.text(4 * factor)]),
        Case("xz -T2", "program", ["/usr/bin/xz", "-3", "-T2", "--block-size=524288", "-c", inputs.text(4 * factor)]),
        Case("zstd", "program", ["/usr/bin/zstd", "-q", "-9", "--single-thread", "-c", inputs.text(12 * factor)]),
        Case("7z", "program", ["/usr/bin/7z", "a", "-an", "-txz", "-mx=3", "-mmt=1", "-so", inputs.text(4 * factor)]),
        Case("openssl sha256", "program", ["/usr/bin/openssl", "dgst", "-sha256"] + [inputs.zeros(64 * factor)] * 10),
        Case("openssl aes", "program", ["/usr/bin/openssl", "enc", "-aes-256-cbc", "-bufsize", "65536",
                                        "-K", "0" * 63 + "1", "-iv", "0" * 32, "-in", inputs.zeros(192 * factor)]),
        Case("rsa signing", "program", [str(build / "bench" / "sign"), inputs.rsa_key(), str(amount(1500))]),
        Case("ecdsa signing", "program", [str(build / "bench" / "sign"), inputs.ec_key(), str(amount(15000))]),
        Case("small_mix", "program", [str(build / "bench" / "small_mix"), str(factor)]),
    ]


def _kernels(build, factor):
    names = ("recursion", "many_callers", "random_callers", "deep_calls", "switch_vm", "threaded_vm",
             "virtual_calls", "one_callback", "sort_callbacks", "trees", "tight_loop", "sha_rounds")
    return [Case(name, "kernel", [str(build / "bench" / name), str(factor)]) for name in names]


def _starts(inputs):
    hello = str(inputs.directory / "hello")
    all_starts = [
        Case("true", "start", ["/bin/true"]),
        Case("perl -e 1", "start", ["/usr/bin/perl", "-e", "1"]),
        Case("python3 -c pass", "start", ["/usr/bin/python3", "-c", "pass"]),
        Case("gcc hello.c", "start", ["/usr/bin/gcc", "-o", hello, inputs.hello_source()]),
        Case("node -e 0", "start", ["/usr/bin/node", "-e", "0"]),
        Case("java -version", "start", ["/usr/bin/java", "-version"]),
    ]
    # node and java are too large to be asked for; where they are, they are measured.
    return [case for case in all_starts if shutil.which(case.command[0])]


def _scale(inputs, build, factor):
    threads = [Case(f"{count} threads" if count > 1 else "1 thread", "threads",
                    [str(build / "bench" / "threads"), str(count), str(factor)], scale=count) for count in THREADS]
    sizes = [Case(f"{size} functions", "size", [inputs.code_run_once(size, stays=True)], scale=size)
             for size in SIZES]
    idle = Case(f"{SIZES[0]} of {SIZES[-1]}", "size",
                [inputs.code_run_once(SIZES[-1], called=SIZES[0], stays=True)], scale=SIZES[0])
    return threads + sizes + [idle]


def all_cases(inputs, bench, build, factor):
    """Every case. `factor` scales the work of those that have an amount of it."""
    return [
        *_programs(inputs, bench, build, factor),
        *_kernels(build, factor),
        *_starts(inputs),
        Case("once", "once", [inputs.code_run_once(ONCE_FUNCTIONS)]),
        *_scale(inputs, build, factor),
    ]
