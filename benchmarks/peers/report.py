"""From runs to figures: medians, ratios, the Markdown table. No figure is made anywhere else.

A run is what one process gave:
    {"work": "M1", "peer": "jax", "way": "scan", "kind": "training", "round": 1, "result": {...}}
or, where it failed, "error": "the reason" instead of a result.
"""

from __future__ import annotations

import dataclasses
import statistics
from typing import Any, Optional

import catalogue

Run = dict[str, Any]

# What a ratio is made of, and whether more of it is better.
RATED = {"images_per_second": True, "latency_median_us": False}
MEASURED: dict[catalogue.Kind, tuple[str, ...]] = {
    "training": ("images_per_second", "validation_loss", "peak_memory_mib", "first_step_seconds"),
    "inference": ("latency_median_us", "latency_p99_us", "images_per_second"),
}


@dataclasses.dataclass
class Row:
    """One way of a peer to do a work, over all rounds."""

    work: str
    kind: catalogue.Kind
    peer: str
    way: str
    rounds: int  # that gave a result
    figures: dict[str, Optional[float]]  # medians over the rounds
    ratios: dict[str, Optional[float]]  # how many times the baseline does better: the median of the rounds' ratios
    note: str = ""
    error: str = ""  # of the last round that failed


def median(values: list[float]) -> Optional[float]:
    return statistics.median(values) if values else None


def _result(run: Run) -> dict[str, Any]:
    return run.get("result") or {}


def _ratio(name: str, baseline: Run, run: Run) -> Optional[float]:
    ours, theirs = _result(baseline).get(name), _result(run).get(name)
    if not ours or not theirs:
        return None
    return ours / theirs if RATED[name] else theirs / ours


def summarise(runs: list[Run]) -> list[Row]:
    """A row for each way that was run, in the order of the catalogue of works, best first, failed last."""
    groups: dict[tuple[str, catalogue.Kind, str, str], list[Run]] = {}
    for run in runs:
        groups.setdefault((run["work"], run["kind"], run["peer"], run["way"]), []).append(run)

    rows = []
    for (work, kind, peer, way), group in groups.items():
        baseline = {run["round"]: run for run in groups.get((work, kind, *catalogue.BASELINE[kind]), [])}
        figures, ratios = {}, {}
        for name in MEASURED[kind]:
            values = [_result(run).get(name) for run in group]
            figures[name] = median([value for value in values if value is not None])
            if name in RATED:
                rated = [_ratio(name, baseline[run["round"]], run) for run in group if run["round"] in baseline]
                ratios[name] = median([ratio for ratio in rated if ratio is not None])
        results = [run["result"] for run in group if "result" in run]
        errors = [run["error"] for run in group if "error" in run]
        note = results[-1].get("note", "") if results else ""
        rows.append(Row(work, kind, peer, way, len(results), figures, ratios, note, errors[-1] if errors else ""))

    order = list(catalogue.WORKS)
    kinds = list(MEASURED)

    def place(row: Row) -> tuple[int, int, float]:
        main = MEASURED[row.kind][0]
        value = row.figures[main]
        badness = float("inf") if value is None else -value if RATED[main] else value
        return order.index(row.work), kinds.index(row.kind), badness

    return sorted(rows, key=place)


def _number(value: Optional[float], form: str = "") -> str:
    """Three significant digits, or more where the number has them before the point."""
    if value is None:
        return "–"
    if form:
        return format(value, form)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _times(ratio: Optional[float]) -> str:
    return "–" if ratio is None else f"{_number(ratio, '.2f' if ratio < 100 else ',.0f')} ×"


COLUMNS = {
    "training": ("images/s", "ours is faster", "validation loss", "peak memory, MiB", "start to first step, s"),
    "inference": ("batch 1: median, µs", "ours is faster", "p99, µs", "batch 256: images/s", "ours is faster"),
}


def _cells(row: Row) -> list[str]:
    figures, ratios = row.figures, row.ratios
    if row.kind == "training":
        return [
            _number(figures["images_per_second"]),
            _times(ratios["images_per_second"]),
            _number(figures["validation_loss"], ".5f"),
            _number(figures["peak_memory_mib"], ",.0f"),
            _number(figures["first_step_seconds"]),
        ]
    return [
        _number(figures["latency_median_us"]),
        _times(ratios["latency_median_us"]),
        _number(figures["latency_p99_us"]),
        _number(figures["images_per_second"]),
        _times(ratios["images_per_second"]),
    ]


def _table(rows: list[Row], rounds: int) -> list[str]:
    header = ["peer", "way", *COLUMNS[rows[0].kind], ""]
    lines = ["| " + " | ".join(header) + " |", "|---|---|" + "---:|" * (len(header) - 3) + "---|"]
    for row in rows:
        remarks = [row.note] if row.note else []
        if row.error:
            failed = "failed" if row.rounds == 0 else f"failed in {rounds - row.rounds} of {rounds} rounds"
            remarks.append(f"{failed}: {row.error}".replace("|", "\\|"))
        bold = "**" if (row.peer, row.way) == catalogue.BASELINE[row.kind] else ""
        cells = [f"{bold}{row.peer}{bold}", row.way, *_cells(row), "; ".join(remarks)]
        lines.append("| " + " | ".join(cells) + " |")
    return [*lines, ""]


def markdown(report: dict[str, Any]) -> str:
    """The whole report as text."""
    machine, options = report["machine"], report["options"]
    rows = summarise(report["runs"])
    lines = [
        "# Comparison with other libraries",
        "",
        f"{report['date']}, `{report['command']}` at commit {report['commit']}"
        + ("." if report["complete"] else ", interrupted: not all has run."),
        f"{machine['processor']}, {machine['cores']} cores ({machine['simd']}), {machine['memory_gib']} GiB;",
        f"{machine['system']}; {machine['compiler']};",
        f"load at the start {machine['load']}.",
        "; ".join(f"{name} {version}" for name, version in sorted(report["versions"].items())) + ".",
        "",
        f"Threads in training: {options['threads']}, in inference: 1. Rounds: {options['rounds']}, in each of which all ran in turn.",
        "Figures are medians over the rounds, ratios the medians of the rounds' own ratios. docs/benchmarks.md says more.",
        "",
    ]
    for work in catalogue.WORKS.values():
        parts = [[row for row in rows if row.work == work.name and row.kind == kind] for kind in MEASURED]
        if not any(parts):
            continue
        lines += [f"## {work.name}: {work.title}", ""]
        if parts[0]:
            train, test = (f"{work.part(options[name]):,}" for name in ("train_count", "test_count"))
            lines += [f"Training: {options['epochs'] or work.epochs} epochs on {train} images, validated on {test}.", ""]
            lines += _table(parts[0], options["rounds"])
        if parts[1]:
            lines += ["Inference:", "", *_table(parts[1], options["rounds"])]
    done = {(row.peer, row.work) for row in rows}
    for peer in sorted({peer for peer, _ in done}):
        for way in catalogue.PEERS[peer].ways:
            lacks = [(work, reason) for work, reason in way.lacks if any(work == name for _, name in done)]
            lines += [f"- {peer} {way.name} does not do {work}: {reason}" for work, reason in lacks]
    for name, reason in report["absent"].items():
        lines.append(f"- {name} is absent: {reason}")
    return "\n".join(lines).rstrip() + "\n"
