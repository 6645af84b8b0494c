"""Prints results as Markdown, which also reads well in a terminal.

Columns follow the modes that were measured: a mode that is added needs nothing here.
"""

import datetime
import os
import pathlib
import re

from .results import kb_per_unit, mean_ratio, translated_per_second

TITLES = {
    "program": "Real programs",
    "kernel": "Kernels",
    "start": "Starting",
    "once": "Code that runs once",
    "threads": "More threads",
    "size": "More code",
}

ABOUT = {
    "threads": "The same work divided among threads that all exist at once. Working: wall time of the work alone, of which\n"
               "throughput is the inverse; what is not native is the ratio to native with as many threads.",
    "size": "Functions of 20 branches, each called once; in the last row most of the program is not called. Blocks: as\n"
            "translated, which go on over branches not taken.",
}


def machine_facts(tiptoe_version, load_before):
    cpuinfo = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", cpuinfo)
    family = re.findall(r"^(?:cpu family|model|stepping)\s*: (\d+)", cpuinfo, re.MULTILINE)[:3]
    return {
        "processor": f"{model.group(1) if model else 'unknown'} (family/model/stepping {'/'.join(family)})",
        "cpus": os.cpu_count(),
        "kernel": os.uname().release,
        "virtual": "hypervisor" in cpuinfo,
        "date": datetime.date.today().isoformat(),
        "load": f"{load_before:.1f} before, {os.getloadavg()[0]:.1f} at the end",
        "tiptoe": tiptoe_version,
    }


# --- cells

def _table(header, rows):
    widths = [max(len(str(row[i])) for row in [header, *rows]) for i in range(len(header))]

    def line(cells):
        aligned = [str(c).ljust(w) if i == 0 else str(c).rjust(w) for i, (c, w) in enumerate(zip(cells, widths))]
        return "| " + " | ".join(aligned) + " |"

    rule = "| " + " | ".join("-" * w if i == 0 else "-" * (w - 1) + ":" for i, w in enumerate(widths)) + " |"
    return "\n".join([line(header), rule, *map(line, rows)])


def _known(value, form):
    return form(value) if value == value else "-"


def _times(value):
    return _known(value, "{:.2f}x".format)


def _ratio(result, mode, field):
    return _times(result.ratio(mode, field)) + _spread(result, mode, field)


def _spread(result, mode, field):
    several = len(result.values(mode, field)) > 1
    return f" ±{50 * result.spread(mode, field):.0f}%" if several else ""


def _seconds(value):
    return _known(value, lambda v: f"{v:.2f} s" if v >= 0.1 else f"{1000 * v:.1f} ms")


def _memory(kb):
    return _known(kb, lambda v: f"{v / 1024:.1f} M")


def _bytes(value):
    return _known(value, lambda v: f"{v / 1e6:.2f} MB" if v >= 1e5 else f"{v / 1e3:.1f} kB")


def _of_group(results, group):
    return [r for r in results if r.case.group == group]


def _others(modes):
    return [mode for mode in modes if mode != "native"]


# --- tables

def _ratio_columns(modes, traced):
    """[(title, mode, field)]: CPU and wall of each mode; of a recording, CPU without and with the recorder."""
    columns = []
    for mode in _others(modes):
        if mode in traced:
            columns += [(f"{mode} app CPU", mode, "app_cpu"), (f"{mode} total CPU", mode, "cpu")]
        else:
            columns.append((f"{mode} CPU", mode, "cpu"))
        columns.append((f"{mode} wall", mode, "wall"))
    return columns


def _ratio_table(results, group, modes, traced):
    columns = _ratio_columns(modes, traced)
    rows = [[r.case.name, _seconds(r.median("native", "cpu")) + _spread(r, "native", "cpu"),
             *(_ratio(r, mode, field) for _, mode, field in columns)] for r in _of_group(results, group)]
    if len(rows) > 1:
        means = [_times(mean_ratio(results, group, mode, field)) for _, mode, field in columns]
        rows.append(["**geometric mean**", "", *means])
    return _table(["case", "native CPU", *(title for title, _, _ in columns)], rows)


def _memory_columns(modes, traced):
    """[(title, mode, field)]: peak of the program in each mode, and of the recorder beside it."""
    return ([(mode, mode, "program_kb") for mode in modes] +
            [("recorder" if mode == "record" else f"{mode} recorder", mode, "tiptoe_kb") for mode in traced])


def _use_table(results, group, modes, traced):
    """What a run takes besides time."""
    columns = _memory_columns(modes, traced)
    header = ["case", *(f"peak {title}" for title, _, _ in columns), "instructions",
              *(f"{mode} trace bytes/M" for mode in traced)]
    rows = [[r.case.name, *(_memory(r.largest(mode, field)) for _, mode, field in columns),
             _known(r.counted("instructions"), lambda v: f"{v / 1e6:.0f} M"),
             *(_known(r.trace_bytes_per_million(mode), "{:.0f}".format) for mode in traced)]
            for r in _of_group(results, group)]
    return _table(header, rows)


def _ratio_section(results, group, modes, traced):
    return _ratio_table(results, group, modes, traced) + "\n\n" + _use_table(results, group, modes, traced)


def _start_section(results, group, modes, traced):
    others = _others(modes)
    header = ["case", *(f"{mode} wall" for mode in modes), *(f"{mode} CPU" for mode in modes),
              *(f"{mode}/native CPU" for mode in others), *(f"{mode} trace" for mode in traced)]
    rows = [[r.case.name,
             *(_seconds(r.median(mode, "wall")) + _spread(r, mode, "wall") for mode in modes),
             *(_seconds(r.median(mode, "cpu")) for mode in modes),
             *(_times(r.ratio(mode, "cpu")) for mode in others),
             *(_bytes(r.median(mode, "trace_bytes")) for mode in traced)] for r in _of_group(results, group)]
    return _table(header, rows)


def _threads_section(results, group, modes, traced):
    chosen = _of_group(results, group)
    columns = _memory_columns(modes, traced)
    header = ["case", "native working", *(f"{mode} working" for mode in _others(modes)),
              *(f"peak {title}" for title, _, _ in columns)]
    rows = [[r.case.name, _seconds(r.median("native", "worked")) + _spread(r, "native", "worked"),
             *(_ratio(r, mode, "worked") for mode in _others(modes)),
             *(_memory(r.largest(mode, field)) for _, mode, field in columns)] for r in chosen]
    return _table(header, rows) + _growth(chosen, columns, lambda r: r.case.scale, "thread")


def _size_section(results, group, modes, traced):
    chosen = _of_group(results, group)
    columns = _memory_columns(modes, traced)
    header = ["functions called", *(f"{mode} CPU" for mode in modes), "blocks",
              *(f"peak {title}" for title, _, _ in columns), *(f"{mode} trace" for mode in traced)]
    rows = [[r.case.name, *(_seconds(r.median(mode, "cpu")) + _spread(r, mode, "cpu") for mode in modes),
             _known(r.counted("blocks"), "{:d}".format),
             *(_memory(r.largest(mode, field)) for _, mode, field in columns),
             *(_bytes(r.median(mode, "trace_bytes")) for mode in traced)] for r in chosen]
    return _table(header, rows) + _growth([r for r in chosen if "of" not in r.case.name], columns,
                                          lambda r: r.counted("blocks"), "translated block")


def _growth(chosen, columns, units, unit):
    """A line: what one more thread or block takes, beyond native."""
    grown = [(title, kb_per_unit(chosen, mode, field, units)) for title, mode, field in columns if title != "native"]
    told = [f"{_small_memory(kb)} in `{title}`" for title, kb in grown if kb == kb]
    if not told:
        return ""
    return (f"\n\nMemory a {unit}, from {chosen[-2].case.name} to {chosen[-1].case.name}, "
            f"beyond what it takes natively: {', '.join(told)}.")


def _small_memory(kb):
    return f"{1024 * kb:.0f} bytes" if abs(kb) < 10 else f"{kb:.0f} KiB"


SECTIONS = {"program": _ratio_section, "kernel": _ratio_section, "start": _start_section, "once": _start_section,
            "threads": _threads_section, "size": _size_section}


# --- the whole

def _translated(results, modes):
    rates = [(mode, translated_per_second(results, mode)) for mode in _others(modes)]
    lines = [f"{rate / 1e6:.2f} million instructions a second in `{mode}` ({1e6 / rate:.2f} us each)"
             for mode, rate in rates if rate == rate]
    return ["Translated: " + "; ".join(lines) + "."] if lines else []


def report(results, modes, traced):
    """`modes`: names in order, native first; `traced`: those of them that write a trace."""
    parts = []
    for group, title in TITLES.items():
        if _of_group(results, group):
            told = f"{ABOUT[group]}\n\n" if group in ABOUT else ""
            parts.append(f"## {title}\n\n{told}{SECTIONS[group](results, group, modes, traced)}")
            if group == "once":
                parts += _translated(results, modes)
    trouble = [f"* {r.case.name}, {mode}: {r.trouble(mode)}" for r in results for mode in modes if r.trouble(mode)]
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

* {processor}, {cpus} CPUs{virtual}, Linux {kernel}, load {load}
* {tiptoe}, {date}; {rounds} rounds (starting: {start_rounds}), {modes} in turn, work x{factor:g}

Ratios are to native in the same run, of medians; ± is half of (largest - smallest) / median. CPU is user and
system time of all processes of the run. For recordings, *app* is without the recorder process (known to 10 ms), *total*
with it; the recorder works on another CPU. Wall times mean little when the load is above the number of CPUs.
Trace bytes are bytes of trace file a million instructions executed. Peaks are of resident memory, the largest
process of the program and the recorder each for itself; what they share counts in both, and "-" was too short to be
seen. What went wrong, differed from native, or left a trace that is not whole has no place in a mean, and is listed.

![CPU time against native](benchmarks.svg)

"""


def page(results, modes, traced, machine, options):
    facts = dict(machine, virtual=", a virtual machine" if machine["virtual"] else "")
    return PAGE.format(rounds=options.rounds, start_rounds=options.start_rounds, factor=options.factor, modes=" / ".join(modes), **facts) + report(
        results, modes, traced)
