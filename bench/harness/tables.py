"""Prints results as Markdown, which also reads well in a terminal."""

import datetime
import os
import pathlib
import re

from .results import mean_ratio, translated_per_second

TITLES = {
    "program": "Real programs",
    "kernel": "Kernels",
    "start": "Starting",
    "once": "Code that runs once",
}


def machine_facts(tiptoe_version):
    cpuinfo = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", cpuinfo)
    family = re.findall(r"^(?:cpu family|model|stepping)\s*: (\d+)", cpuinfo, re.MULTILINE)[:3]
    return {
        "processor": f"{model.group(1) if model else 'unknown'} (family/model/stepping {'/'.join(family)})",
        "cpus": os.cpu_count(),
        "kernel": os.uname().release,
        "virtual": "hypervisor" in cpuinfo,
        "date": datetime.date.today().isoformat(),
        "load": f"{os.getloadavg()[0]:.1f}",
        "tiptoe": tiptoe_version,
    }


def _table(header, rows):
    widths = [max(len(str(row[i])) for row in [header, *rows]) for i in range(len(header))]

    def line(cells):
        aligned = [str(c).ljust(w) if i == 0 else str(c).rjust(w) for i, (c, w) in enumerate(zip(cells, widths))]
        return "| " + " | ".join(aligned) + " |"

    rule = "| " + " | ".join("-" * w if i == 0 else "-" * (w - 1) + ":" for i, w in enumerate(widths)) + " |"
    return "\n".join([line(header), rule, *map(line, rows)])


def _times(value):
    return f"{value:.2f}x" if value == value else "-"


def _ratio(result, mode, field):
    if not result.samples.get(mode):
        return "-"
    return _times(result.ratio(mode, field)) + _spread(result, mode, field)


def _spread(result, mode, field):
    several = len(result.values(mode, field)) > 1
    return f" ±{50 * result.spread(mode, field):.0f}%" if several else ""


def _seconds(value):
    return f"{value:.2f} s" if value >= 0.1 else f"{1000 * value:.1f} ms"


def _ratio_table(results, group):
    header = ["case", "native CPU", "run CPU", "run wall", "record app CPU", "record total CPU", "record wall",
              "instructions", "trace bytes/M"]
    rows = []
    for r in (r for r in results if r.case.group == group):
        instructions = r.median("record", "instructions")
        rows.append([
            r.case.name, _seconds(r.median("native", "cpu")) + _spread(r, "native", "cpu"),
            _ratio(r, "run", "cpu"), _times(r.ratio("run", "wall")), _ratio(r, "record", "app_cpu"),
            _times(r.ratio("record", "cpu")), _times(r.ratio("record", "wall")),
            f"{instructions / 1e6:.0f} M" if instructions == instructions else "-",
            f"{r.trace_bytes_per_million():.0f}" if r.samples.get("record") else "-",
        ])
    if len(rows) > 1:
        means = [mean_ratio(results, group, mode, field) for mode, field in
                 (("run", "cpu"), ("run", "wall"), ("record", "app_cpu"), ("record", "cpu"), ("record", "wall"))]
        rows.append(["**geometric mean**", "", *map(_times, means), "", ""])
    return _table(header, rows)


def _start_table(results, group):
    header = ["case", "native wall", "run wall", "record wall", "native CPU", "run CPU", "record CPU", "run/native CPU"]
    rows = []
    for r in (r for r in results if r.case.group == group):
        cells = [_seconds(r.median(mode, field)) if r.samples.get(mode) else "-"
                 for field in ("wall", "cpu") for mode in ("native", "run", "record")]
        rows.append([r.case.name, *cells, _times(r.ratio("run", "cpu"))])
    return _table(header, rows)


def report(results):
    parts = []
    for group, title in TITLES.items():
        if any(r.case.group == group for r in results):
            table = _ratio_table if group in ("program", "kernel") else _start_table
            parts.append(f"## {title}\n\n{table(results, group)}")
    rates = [(mode, translated_per_second(results, mode)) for mode in ("run", "record")]
    lines = [f"{rate / 1e6:.2f} million instructions a second in `{mode}` ({1e6 / rate:.2f} us each)"
             for mode, rate in rates if rate == rate]
    if lines:
        parts.append("Translated: " + "; ".join(lines) + ".")
    trouble = [f"* {r.case.name}, {mode}: {r.trouble(mode)}" for r in results for mode in r.samples if r.trouble(mode)]
    if trouble:
        parts.append("## Different from native\n\n" + "\n".join(trouble))
    return "\n\n".join(parts) + "\n"


NOTES = "## Notes\n"


def notes_of(old_page):
    """What people wrote at the end of the page; writing new figures keeps it."""
    at = old_page.find(NOTES)
    return "\n" + old_page[at:] if at >= 0 else ""


PAGE = """# Benchmarks

Written by `./dev bench --write`; the tables are never typed in by hand, only what stands under Notes is. What the machine was:

* {processor}, {cpus} CPUs{virtual}, Linux {kernel}, load at the end {load}
* {tiptoe}, {date}; {rounds} rounds, native / run / record in turn, work x{factor:g}

Ratios are to native in the same run, of medians; ± is half of (largest - smallest) / median. CPU is user and
system time of all processes of the run. For `record`, *app* is without the recorder process (known to 10 ms), *total*
with it; the recorder works on another CPU. Wall times mean little when the load is above the number of CPUs.
Trace bytes are bytes of trace file a million instructions executed.

"""


def page(results, machine, rounds, factor):
    facts = dict(machine, virtual=", a virtual machine" if machine["virtual"] else "")
    return PAGE.format(rounds=rounds, factor=factor, **facts) + report(results)
