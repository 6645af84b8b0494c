"""The modes a case runs in, in the order in which they take turns. A new one is one more line in `table`."""

import dataclasses
import pathlib
import shutil

DEFAULT = "native,run,record"


@dataclasses.dataclass
class Mode:
    name: str
    prefix: list  # what stands before the program's command
    trace: str = ""  # the file it writes
    by_tiptoe: bool = False  # so that the process started is not the program, but tiptoe


def table(tiptoe, directory):
    trace = str(pathlib.Path(directory) / "bench.trace")
    valgrind = ["valgrind", "--tool=none", "-q", "--trace-children=yes", "--max-threads=1100"]
    return [
        Mode("native", []),
        Mode("run", [tiptoe, "run", "--"], by_tiptoe=True),
        Mode("record", [tiptoe, "record", "-o", trace, "--"], trace=trace, by_tiptoe=True),
        Mode("coverage", [tiptoe, "record", "--mode", "coverage", "-o", trace, "--"], trace=trace, by_tiptoe=True),
        Mode("valgrind", valgrind),
    ]


def choose(wanted, tiptoe, directory):
    """The modes of the comma-separated names; native always, as all ratios are to it. Second: what was wrong."""
    known = {mode.name: mode for mode in table(tiptoe, directory)}
    names = wanted.split(",")
    problems = [f"no such mode: {name} ({', '.join(known)})" for name in names if name not in known]
    chosen = [mode for mode in known.values() if mode.name in names or mode.name == "native"]
    for mode in [mode for mode in chosen if mode.prefix and not shutil.which(mode.prefix[0])]:
        problems.append(f"{mode.prefix[0]} is not installed: mode {mode.name} is left out")
        chosen.remove(mode)
    return chosen, problems
