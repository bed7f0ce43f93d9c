# SPDX-License-Identifier: MIT
"""Runs an example as one process and under mpiexec, and compares what they print and write:
ranks.py FOLDER MPIEXEC... RANKS PROGRAM [OPTION...]

There must be one training in both: the same files, the same lines but for their numbers, losses that agree but for rounding, and
nothing that the other ranks leave behind.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROUNDING = 1e-5  # of floats, in another order, by an epoch


def result(folder: pathlib.Path, command: list[str]) -> tuple[list[str], list[str], dict]:
    """The lines of standard output without numbers and the name of --out, the files, and the metrics."""
    temporary = folder.with_suffix(".tmp")
    for place in (folder, temporary):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
    done = subprocess.run([*command, "--out", str(folder)], capture_output=True, text=True, env=os.environ | {"TMPDIR": str(temporary)})
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    left = [path.name for path in temporary.iterdir() if path.name.startswith("eigencoder")]
    if left:
        sys.exit(f"left in the folder of temporary files: {left}")
    lines = [re.sub(r"[-+]?[0-9.]+(e[-+]?[0-9]+)?", "#", line.replace(str(folder), "OUT")) for line in done.stdout.splitlines()]
    return [" ".join(line.split()) for line in lines], sorted(path.name for path in folder.iterdir()), json.loads((folder / "metrics.json").read_text())


def main() -> None:
    folder = pathlib.Path(sys.argv[1]).resolve()
    command = sys.argv[2:]
    program = next(at for at, word in enumerate(command) if word.isdigit()) + 1
    lines, files, metrics = result(folder / "one", command[program:])
    their_lines, their_files, their_metrics = result(folder / "several", command)
    if files != their_files:
        sys.exit(f"one process writes {files}, several write {their_files}")
    if lines != their_lines:
        sys.exit("\n".join(["one process prints", *lines, "several print", *their_lines]))
    if their_metrics.get("processes") != int(command[program - 1]):
        sys.exit(f"they were {their_metrics.get('processes')} processes")
    for name in ("train_loss", "validation_loss"):
        if abs(metrics[name] - their_metrics[name]) > ROUNDING * abs(metrics[name]):
            sys.exit(f"{name}: {metrics[name]} of one process, {their_metrics[name]} of several")
    print(f"{len(files)} files, {len(lines)} lines, losses {metrics['train_loss']:.6g} and {metrics['validation_loss']:.6g} by one and by several")


main()
