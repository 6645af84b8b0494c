"""From samples to figures: medians, spreads, ratios to native of the same run, geometric means."""

import dataclasses
import math
import statistics

from .cases import ONCE_FUNCTIONS, ONCE_INSTRUCTIONS_A_FUNCTION


@dataclasses.dataclass
class Result:
    """All samples of one case: mode name -> one sample a round."""
    case: object
    samples: dict

    def values(self, mode, field):
        return [getattr(sample, field) for sample in self.samples.get(mode, [])]

    def median(self, mode, field):
        values = self.values(mode, field)
        return statistics.median(values) if values else float("nan")

    def spread(self, mode, field):
        """(largest - smallest) / median."""
        values = self.values(mode, field)
        return (max(values) - min(values)) / statistics.median(values) if values and min(values) > 0 else 0.0

    def ratio(self, mode, field):
        native = self.median("native", field)
        return self.median(mode, field) / native if native > 0 else float("nan")

    def trouble(self, mode):
        """How a run differed from native in what it printed or how it ended; empty when it did not."""
        native = self.samples["native"][0]
        for sample in self.samples.get(mode, []):
            if sample.status != native.status:
                return f"ended with {sample.status:#x}: {sample.complaint}"
            if sample.output != native.output:
                return "OUTPUT DIFFERS"
        return ""

    def trace_bytes_per_million(self):
        instructions = self.median("record", "instructions")
        return self.median("record", "trace_bytes") / instructions * 1e6 if instructions else float("nan")


def geometric_mean(values):
    good = [value for value in values if value > 0 and math.isfinite(value)]
    return math.exp(sum(map(math.log, good)) / len(good)) if good else float("nan")


def mean_ratio(results, group, mode, field):
    chosen = [r for r in results if r.case.group == group and not r.trouble(mode)]
    return geometric_mean([r.ratio(mode, field) for r in chosen])


def translated_per_second(results, mode):
    """Instructions translated a second: the `once` case, less what starting costs (`true`)."""
    by_name = {r.case.name: r for r in results}
    if "once" not in by_name or "true" not in by_name:
        return float("nan")
    extra = by_name["once"].median(mode, "app_cpu") - by_name["true"].median(mode, "app_cpu")
    return ONCE_FUNCTIONS * ONCE_INSTRUCTIONS_A_FUNCTION / extra if extra > 0 else float("nan")


def as_json(results, machine):
    return {
        "machine": machine,
        "cases": [{
            "name": r.case.name, "group": r.case.group, "command": r.case.command,
            "modes": {mode: {
                "trouble": r.trouble(mode),
                "ratio": {field: r.ratio(mode, field) for field in ("cpu", "app_cpu", "wall")},
                "samples": [dataclasses.asdict(sample) for sample in samples],
            } for mode, samples in r.samples.items()},
        } for r in results],
    }
