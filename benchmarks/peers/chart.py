"""Draws the bars of a report: python chart.py compare.json compare.png"""

import json
import os
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

import catalogue
import report

TITLES = {"training": "training, images/s", "inference": "one sample restored, µs (logarithmic)"}
OURS, THEIRS = "#c4501b", "#8a97a5"


def draw_bars(axes, rows, kind):
    measure = report.MEASURED[kind][0]
    rows = [row for row in reversed(rows) if row.figures[measure] is not None]
    values = [row.figures[measure] for row in rows]
    colours = [OURS if row.peer == catalogue.BASELINE[kind][0] else THEIRS for row in rows]
    bars = axes.barh([f"{row.peer} {row.way}" for row in rows], values, color=colours)
    axes.bar_label(bars, [f" {value:,.0f}" if value >= 100 else f" {value:.3g}" for value in values], fontsize=8)
    if kind == "inference":
        axes.set_xscale("log")  # latencies lie orders of magnitude apart
        axes.set_xlim(left=min(values) / 2)
    axes.margins(x=0.2)
    axes.tick_params(labelsize=8)
    axes.xaxis.set_visible(False)
    axes.spines[["top", "right", "bottom"]].set_visible(False)


def main(source, target):
    with open(source, encoding="utf-8") as file:
        content = json.load(file)
    rows = [row for row in report.summarise(content["runs"]) if row.rounds > 0]
    works = [name for name in catalogue.WORKS if any(row.work == name for row in rows)]
    kinds = [kind for kind in TITLES if any(row.kind == kind for row in rows)]
    if not rows:
        sys.exit("nothing to draw")

    figure, grid = plt.subplots(
        len(kinds), len(works), figsize=(5.2 * len(works), 3.6 * len(kinds)), squeeze=False, layout="constrained"
    )
    for kind, line in zip(kinds, grid):
        for work, axes in zip(works, line):
            draw_bars(axes, [row for row in rows if (row.work, row.kind) == (work, kind)], kind)
            axes.set_title(f"{work}: {TITLES[kind]}", fontsize=10, loc="left")
    threads = f"training on {content['options']['threads']} threads, inference on one"
    figure.supxlabel(f"{content['machine']['processor']}, {threads}, {content['date'][:10]}", fontsize=8)
    figure.savefig(f"{target}.part", dpi=120, format="png")
    os.replace(f"{target}.part", target)


if __name__ == "__main__":
    main(*sys.argv[1:3])
