#!/usr/bin/env python3
"""The cost model of docs/scaling.md: what several processes are expected to reach, from what two of them have been measured to.

  benchmarks/ranks_model.py          writes the tables into docs/scaling.md, from benchmarks/results/ranks-*.csv
  benchmarks/ranks_model.py --check  writes nothing, and fails if a table differs from what it would write

Times are in microseconds, sizes in bytes. A node is a process of two threads, as the measured machine runs it."""

import csv
import math
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks/results"
PAGE = ROOT / "docs/scaling.md"

NETWORKS = {"M1": 256, "M2": 256, "M3": 128, "M4": 128, "BN": 256}  # and the batch that each is trained with in docs/benchmarks.md
NODES = (4, 16, 64, 256)
WHOLE_BATCH = 4096
GOOD = 0.8


class Link:
    """What joins the nodes: microseconds before a message arrives, bytes a microsecond after that. Full duplex."""

    def __init__(self, name, latency, bandwidth):
        self.name, self.latency, self.bandwidth = name, latency, bandwidth

    def message(self, size):
        return self.latency + size / self.bandwidth


# 1448 of the 1538 bytes that a full frame of Ethernet takes are the user's; 80 % of 100 Gbit/s is what MPI is reported to reach.
LINKS = (Link("10 Gbit/s", 30.0, 10e9 / 8 * 1448 / 1538 / 1e6), Link("100 Gbit/s", 2.0, 100e9 / 8 * 0.8 / 1e6))


def rows_of(ranks):
    """Of one run or several, one after another: each has its own head, and of equal measurements the least time counts."""
    found = {}
    with open(RESULTS / f"ranks-{ranks}.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(line for line in file if not line.startswith("#")):
            if row["measure"] == "measure":
                continue
            row = {name: text if name in ("measure", "network", "way") else float(text) for name, text in row.items()}
            key = tuple(value for name, value in row.items() if name not in ("count", "microseconds"))
            if key not in found or row["microseconds"] < found[key]["microseconds"]:
                found[key] = row
    return list(found.values())


class Curve:
    """A time by a size: measured at some, on straight lines between them and beyond."""

    def __init__(self, points):
        self.points = sorted(points.items())

    def __call__(self, x):
        at = 1
        while at + 1 < len(self.points) and self.points[at][0] < x:
            at += 1
        (x0, y0), (x1, y1) = self.points[at - 1 : at + 1]
        return max(y0 + (y1 - y0) * (x - x0) / (x1 - x0), 0.0)

    def smallest(self):
        return self.points[0][0]


class Measured:
    """The files of results."""

    def __init__(self):
        rows = rows_of(2)
        self.gradient = {r["network"]: r["bytes"] for r in rows if r["measure"] == "gradient"}
        self.steps = {  # (network, ranks, threads, way): {samples of a rank: time}
        }
        for r in rows:
            if r["measure"] == "step":
                key = (r["network"], int(r["ranks"]), int(r["threads"]), r["way"])
                self.steps.setdefault(key, {})[int(r["batch"])] = r["microseconds"]
        self.alone = {r["measure"]: {} for r in rows if r["network"] == ""}
        for r in rows:
            if r["network"] == "":
                self.alone[r["measure"]][r["bytes"]] = r["microseconds"]
        self.add = Curve(self.alone["add"])
        self.messages = {ranks: self.counts(rows_of(ranks)) for ranks in (2, 4, 8)}
        self.least = {}  # (network, way, samples of a rank): time of a step's messages
        for r in rows:
            if r["measure"] in ("sum", "exchange", "broadcast") and r["network"]:
                key = (r["network"], r["way"], int(r["batch"]))
                self.least[key] = self.least.get(key, 0.0) + r["count"] * r["microseconds"]

    @staticmethod
    def counts(rows):
        """{(network, way): [(what, bytes, count), …]} of a step, the gradient's last."""
        found = {}
        for r in rows:
            if r["measure"] in ("sum", "exchange") and r["count"] > 0:
                of = found.setdefault((r["network"], r["way"]), {})
                of[(r["measure"], r["bytes"])] = r["count"]
        return {key: [(what, size, count) for (what, size), count in sorted(of.items(), key=lambda m: m[0][1])] for key, of in found.items()}

    def small(self, network, nodes):
        """(bytes, count) of a step's messages but the gradient's, without .reproducible: they grow by as much with each node."""

        def sizes(ranks):
            return [(size, count) for _, size, count in self.messages[ranks][network, "sum"] if size != self.gradient[network]]

        two, four, eight = sizes(2), sizes(4), sizes(8)
        for (a, n), (b, m), (c, k) in zip(two, four, eight, strict=True):
            assert n == m == k and c - b == 2 * (b - a), f"{network}: messages of {a:g}, {b:g} and {c:g} bytes by 2, 4 and 8 ranks"
        return [(a + (b - a) / 2 * (nodes - 2), n) for (a, n), (b, _) in zip(two, four)]


class Model:
    def __init__(self, measured):
        self.measured = measured
        self.computation = {network: Curve(measured.steps[network, 1, 2, "sum"]) for network in NETWORKS}

    def all_reduce(self, size, nodes, link):
        """The cheaper of recursive doubling and Rabenseifner's way, as MPI chooses."""
        turns = math.log2(nodes)
        share = size * (nodes - 1) / nodes
        doubling = turns * (link.message(size) + self.measured.add(size))
        halving = 2 * turns * link.latency + 2 * share / link.bandwidth + self.measured.add(share)
        return min(doubling, halving)

    def doubling(self, size, nodes, link):
        return math.log2(nodes) * (link.message(size) + self.measured.add(size))

    def passes(self, network):
        """A sum of several ranks is measured apart, before and after: the gradient is read twice more."""
        return 2 * self.measured.add(self.measured.gradient[network])

    def messages(self, network, nodes, link, tree=False):
        reduce = self.doubling if tree else self.all_reduce
        gradient = reduce(self.measured.gradient[network], nodes, link)
        return gradient + sum(count * self.all_reduce(size, nodes, link) for size, count in self.measured.small(network, nodes))

    def step(self, network, batch, nodes, link, tree=False):
        """With `batch` samples a node."""
        return self.computation[network](batch) + self.passes(network) + self.messages(network, nodes, link, tree)

    def weak(self, network, batch, nodes, link, tree=False):
        """Efficiency where each node has as many samples as one would have alone."""
        return self.computation[network](batch) / self.step(network, batch, nodes, link, tree)

    def strong(self, network, whole, nodes, link):
        """Efficiency where all nodes have as many samples as one would have alone."""
        return self.computation[network](whole) / (nodes * self.step(network, whole / nodes, nodes, link))

    def good_batch(self, network, nodes, link, tree=False):
        """The samples of a node from which the weak efficiency stays above 80 %, in eights; at least what has been measured."""
        batch = self.computation[network].smallest()
        while self.weak(network, batch, nodes, link, tree) < GOOD:
            batch += 8
        return batch


# — tables


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def size(count):
    return f"{count / 1e6:.2f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB" if count >= 1e3 else f"{count:.0f} B"


def time(microseconds):
    return f"{microseconds / 1e3:.2f} ms" if microseconds >= 1e3 else f"{microseconds:.0f} µs"


def percent(share):
    return f"{100 * share:.0f} %"


def computation(model):
    batches = sorted({batch for (_, ranks, threads, _), of in model.measured.steps.items() if (ranks, threads) == (1, 2) for batch in of})

    def row(network, threads):
        times = model.measured.steps[network, 1, threads, "sum"]
        return [network, str(threads)] + [f"{times[b] / b:.2f}" if b in times else "" for b in [8, *batches]]

    return table(["µs a sample", "threads", *map(str, [8, *batches])], [row(n, t) for n in NETWORKS for t in (1, 2)])


def messages(model):
    def row(network):
        found, gradient = model.measured, model.measured.gradient[network]

        def others(sizes):
            return f"{sum(count for _, count in sizes):.0f}, {size(sum(length * count for length, count in sizes))}"

        def of_two(way):
            return others([(length, count) for _, length, count in found.messages[2][network, way] if length != gradient])

        return [network, size(gradient), of_two("sum"), of_two("tree"), others(found.small(network, 256))]

    head = ["", "gradient", "others, their bytes", "with `.reproducible`", "by 256 processes"]
    return table(head, [row(n) for n in NETWORKS])


def two(model):
    def row(network, batch):
        steps, each = model.measured.steps, batch // 2
        ranks, threads = steps[network, 2, 1, "sum"][each], steps[network, 1, 2, "sum"][batch]
        ranks_tree, threads_tree = steps[network, 2, 1, "tree"][each], steps[network, 1, 2, "tree"][batch]
        expected = steps[network, 1, 1, "sum"][each] + model.measured.least[network, "sum", each] + model.passes(network)
        return [network, str(batch), time(threads), time(ranks), f"**{threads / ranks:.2f}**", time(threads_tree), time(ranks_tree),
                f"{threads_tree / ranks_tree:.2f}", f"{expected / ranks:.2f}"]

    head = ["", "batch", "1 process × 2 threads", "2 processes × 1 thread", "ratio", "`.reproducible`: 1 × 2", "2 × 1", "ratio", "model"]
    rows = [row(network, batch) for network, usual in NETWORKS.items() for batch in sorted({64, usual, 512})]
    return table(head, rows)


def transport(model):
    kinds = ("one_way", "all_reduce", "add")
    head = ["", "a message", "an all-reduce", "adding two vectors"]
    return table(head, [[size(length), *(f"{model.measured.alone[kind][length]:.1f} µs" for kind in kinds)] for length in model.measured.alone["add"]])


def weak(model, tree=False):
    def row(network, link):
        batch = NETWORKS[network]
        return [f"{network}, {link.name}", str(batch), *(percent(model.weak(network, batch, n, link, tree)) for n in NODES),
                *(str(model.good_batch(network, n, link, tree)) for n in NODES)]

    head = ["", "batch a node", *(f"{n} nodes" for n in NODES), *(f"80 % on {n}" for n in NODES)]
    return table(head, [row(network, link) for network in NETWORKS for link in LINKS])


def strong(model):
    def row(network, link):
        efficiency = {n: model.strong(network, WHOLE_BATCH, n, link) for n in NODES}
        return [f"{network}, {link.name}", *(f"{n * efficiency[n]:.1f} × ({percent(efficiency[n])})" for n in NODES)]

    return table(["", *(f"{n} nodes" for n in NODES)], [row(network, link) for network in NETWORKS for link in LINKS])


def reproducible(model):
    return weak(model, tree=True)


def written(text, model):
    """The page with its tables: each stands between a comment that names it and one that ends it."""
    for make in (computation, messages, two, transport, weak, strong, reproducible):
        begin, end = f"<!-- table: {make.__name__} -->\n", "\n<!-- end -->"
        before, found, rest = text.partition(begin)
        if not found or end not in rest:
            raise ValueError(f"{PAGE}: there is no place for the table {make.__name__}")
        text = before + begin + make(model) + rest[rest.index(end) :]
    return text


def main():
    text = PAGE.read_text(encoding="utf-8")
    new = written(text, Model(Measured()))
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(new, encoding="utf-8")
    elif new != text:
        sys.exit(f"{PAGE}: its tables are not those of benchmarks/results/ranks-*.csv: run benchmarks/ranks_model.py")


if __name__ == "__main__":
    main()
