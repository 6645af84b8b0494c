"""From samples to figures: medians, spreads, ratios to native of the same run, geometric means."""

import dataclasses
import math
import statistics

from .cases import ONCE_FUNCTIONS, ONCE_INSTRUCTIONS_A_FUNCTION

NOTHING = float("nan")


@dataclasses.dataclass
class Result:
    """All samples of one case: mode name -> one sample a round. Counts: of each mode that left a trace."""
    case: object
    samples: dict
    counts: dict = dataclasses.field(default_factory=dict)

    def values(self, mode, field):
        return [getattr(sample, field) for sample in self.samples.get(mode, [])]

    def median(self, mode, field):
        values = self.values(mode, field)
        return statistics.median(values) if values else NOTHING

    def largest(self, mode, field):
        """For peaks: one that was seen in one round was there. Not a number when none was seen."""
        return max(self.values(mode, field), default=0) or NOTHING

    def spread(self, mode, field):
        """(largest - smallest) / median."""
        values = self.values(mode, field)
        return (max(values) - min(values)) / statistics.median(values) if values and min(values) > 0 else 0.0

    def ratio(self, mode, field):
        native = self.median("native", field)
        return self.median(mode, field) / native if native > 0 else NOTHING

    def trouble(self, mode):
        """How a run differed from native in what it printed or how it ended, or what is wrong with its trace;
        empty when nothing is. Native itself is in trouble when it is not always the same."""
        native = self.samples["native"][0]
        for sample in self.samples.get(mode, []):
            if sample.status != native.status:
                return f"ended with {sample.status:#x}: {sample.complaint}"
            if sample.output != native.output:
                return "OUTPUT DIFFERS"
        if mode == "native" and native.status != 0:
            return f"ended with {native.status:#x}: {native.complaint}"
        if mode in self.counts and self.counts[mode].problem:
            return f"TRACE NOT WHOLE: {self.counts[mode].problem}"
        return ""

    def counted(self, field):
        """Instructions or blocks of the case, by the first trace that knows."""
        known = [getattr(counts, field) for counts in self.counts.values()]
        return next((value for value in known if value), NOTHING)

    def trace_bytes_per_million(self, mode):
        return self.median(mode, "trace_bytes") / self.counted("instructions") * 1e6


def geometric_mean(values):
    good = [value for value in values if value > 0 and math.isfinite(value)]
    return math.exp(sum(map(math.log, good)) / len(good)) if good else NOTHING


def mean_ratio(results, group, mode, field):
    """Without the cases that are in trouble: what went wrong has no speed."""
    chosen = [r for r in results if r.case.group == group and not r.trouble(mode) and not r.trouble("native")]
    return geometric_mean([r.ratio(mode, field) for r in chosen])


def translated_per_second(results, mode):
    """Instructions translated a second: the `once` case, less what starting costs (`true`)."""
    by_name = {r.case.name: r for r in results}
    if "once" not in by_name or "true" not in by_name:
        return NOTHING
    extra = by_name["once"].median(mode, "app_cpu") - by_name["true"].median(mode, "app_cpu")
    return ONCE_FUNCTIONS * ONCE_INSTRUCTIONS_A_FUNCTION / extra if extra > 0 else NOTHING


def kb_per_unit(results, mode, field, units):
    """Growth of a peak over the last two results, for each unit, beyond what it grows natively.

    `units` tells how many a result has. The last two, as what a process takes once in any case is reached by
    then. The recorder's peak (`tiptoe_kb`) has no native one to compare with.
    """
    if len(results) < 2:
        return NOTHING
    small, large = results[-2:]
    grown = large.largest(mode, field) - small.largest(mode, field)
    if field == "program_kb":
        grown -= large.largest("native", field) - small.largest("native", field)
    more = units(large) - units(small)
    return grown / more if more > 0 else NOTHING


def as_json(results, machine):
    return {
        "machine": machine,
        "cases": [{
            "name": r.case.name, "group": r.case.group, "command": r.case.command,
            "modes": {mode: {
                "trouble": r.trouble(mode),
                "ratio": {field: _finite(r.ratio(mode, field)) for field in ("cpu", "app_cpu", "wall")},
                "counts": dataclasses.asdict(r.counts[mode]) if mode in r.counts else None,
                "samples": [dataclasses.asdict(sample) for sample in samples],
            } for mode, samples in r.samples.items()},
        } for r in results],
    }


def _finite(value):
    return value if math.isfinite(value) else None  # JSON has no other word for it
