"""Draws the ratios as an SVG: a bar for each case and mode, the geometric means below each group.

Plain shapes and text, no script, no font of its own. Colours come from a style sheet that follows the
reader's light or dark setting; the background is left to the page.
"""

import math
from xml.sax.saxutils import escape

from .results import mean_ratio

GROUPS = {"program": "Real programs", "kernel": "Kernels"}
LEFT, WIDTH, BAR, GAP, LINE = 130, 560, 9, 7, 26  # pixels
COLOURS = {"light": ("#2f6fb0", "#c9662b", "#5f8f3a", "#8a5aa8", "#a8863a", "#3a9a96"),
           "dark": ("#6fa8e0", "#eb9a5f", "#97c76f", "#c195dd", "#d9ba6a", "#6fccc8")}


def _style():
    def classes(name):
        return " ".join(f".m{i} {{ fill: {colour} }}" for i, colour in enumerate(COLOURS[name]))

    return ("text { font: 12px sans-serif; fill: #24292f } .title { font-weight: bold } .small { font-size: 10px }\n"
            "line { stroke: #d0d7de } .one { stroke: #57606a }\n"
            f"{classes('light')}\n"
            "@media (prefers-color-scheme: dark) {\n"
            "  text { fill: #d1d7e0 } line { stroke: #3d444d } .one { stroke: #9198a1 }\n"
            f"  {classes('dark')}\n}}\n")


def _ratio(result, mode):
    return None if result.trouble(mode) or result.trouble("native") else result.ratio(mode, "cpu")


def _rows(results, group, modes):
    """[(name, [ratio or None for each mode])], the means last. CPU of all processes."""
    chosen = [r for r in results if r.case.group == group]
    rows = [(r.case.name, [_ratio(r, mode) for mode in modes]) for r in chosen]
    if len(rows) > 1:
        rows.append(("geometric mean", [mean_ratio(results, group, mode, "cpu") for mode in modes]))
    return rows


def _text(x, y, words, kind="", anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def _bars(row, y, scale):
    name, ratios = row
    middle = y + len(ratios) * BAR / 2 + 4
    out = [_text(LEFT - 8, middle, name, "title" if name == "geometric mean" else "", "end")]
    for i, ratio in enumerate(ratios):
        if ratio is None or not math.isfinite(ratio):
            out.append(_text(LEFT + 4, y + BAR - 1, "no figure", "small"))
        else:
            out.append(f'<rect x="{LEFT}" y="{y:.1f}" width="{ratio * scale:.1f}" height="{BAR - 1}" class="m{i % 6}"/>')
            out.append(_text(LEFT + ratio * scale + 4, y + BAR - 1, f"{ratio:.2f}", "small"))
        y += BAR
    return out


def _legend(modes, y):
    out, x = [_text(LEFT, y, "CPU time, native = 1:")], LEFT + 140
    for i, mode in enumerate(modes):
        out.append(f'<rect x="{x}" y="{y - 9}" width="10" height="10" class="m{i % 6}"/>')
        out.append(_text(x + 15, y, mode))
        x += 40 + 8 * len(mode)
    return out


def _axis(top, bottom, largest, scale):
    step = next(s for s in (0.5, 1, 2, 5, 10, 20, 50, 100, 1000, 10000) if largest / s <= 12)
    ticks = [1.0] + [n * step for n in range(1, int(largest / step) + 1) if n * step != 1]
    return [f'<line x1="{LEFT + t * scale:.1f}" y1="{top}" x2="{LEFT + t * scale:.1f}" y2="{bottom:.1f}"'
            f'{" class=" + chr(34) + "one" + chr(34) if t == 1 else ""}/>' for t in ticks]


def svg(results, names):
    modes = [name for name in names if name != "native"]
    groups = [(title, rows) for group, title in GROUPS.items() if (rows := _rows(results, group, modes))]
    ratios = [r for _, rows in groups for _, row in rows for r in row if r is not None and math.isfinite(r)]
    largest = max(ratios, default=1.0)
    scale = WIDTH / largest
    y, bars = 2 * LINE, []
    for title, rows in groups:
        bars.append(_text(LEFT, y + 8, title, "title"))
        y += LINE - 8
        for row in rows:
            bars += _bars(row, y, scale)
            y += len(modes) * BAR + GAP
        y += LINE / 2
    lines = [*_legend(modes, 18), *_axis(LINE + 4, y, largest, scale), *bars]
    width = LEFT + WIDTH + 50
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y:.0f}" viewBox="0 0 {width} {y:.0f}">\n'
            f"<style>\n{_style()}</style>\n" + "\n".join(lines) + "\n</svg>\n")
