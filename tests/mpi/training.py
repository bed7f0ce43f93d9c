# SPDX-License-Identifier: MIT
"""Several processes train one model: the same bits for any number of ranks and threads, the gradient of one rank, and what comes of a
rank that dies."""

import math
import subprocess

from mpirun import FOLDER, PROGRAM, dies, run

CHECKPOINT = FOLDER / "checkpoint.safetensors"


def lines(text):
    return [line.split() for line in text.splitlines()]


def gradient(ranks):
    return [float(number) for number in run(ranks, "gradient").split()]


def main():
    CHECKPOINT.unlink(missing_ok=True)
    # Without MPI, then by its ranks: parameters, running state, moments, counters, and each epoch's losses and norms.
    whole = subprocess.run([PROGRAM, "whole", "alone"], check=True, capture_output=True, text=True).stdout
    assert [line[0] for line in lines(whole)] == ["bits"] + 4 * ["epoch"], whole
    losses = [float.fromhex(line[3]) for line in lines(whole)[1:]]
    assert losses[-1] < losses[0], f"it learns nothing: {losses}"
    for ranks, threads in ((1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (4, 1), (4, 2)):
        found = run(ranks, "whole", threads)
        assert found == whole, f"{ranks} ranks of {threads} threads:\n{found}instead of\n{whole}"

    # From a checkpoint on, by another number of ranks.
    half = lines(run(4, "first", 1))
    assert half[1:] == lines(whole)[1:3] and half[0] != lines(whole)[0], half
    kept = CHECKPOINT.read_bytes()
    for ranks in (1, 2, 4):
        CHECKPOINT.write_bytes(kept)
        assert run(ranks, "second", 1).splitlines()[0] == whole.splitlines()[0], f"{ranks} ranks go on to other bits"

    # A rank that ends within the third epoch ends them all, and the checkpoint of the second is there.
    for ranks, mode, text in ((2, "throw", "rank 1: the disk is gone"), (4, "throw", "rank 3: the disk is gone"), (2, "exit", ""), (4, "exit", "")):
        CHECKPOINT.unlink()
        dies(ranks, text, mode, 1)
        assert CHECKPOINT.read_bytes() == kept, f"{mode}, {ranks} ranks: another checkpoint"
    assert run(2, "second", 1).splitlines()[0] == whole.splitlines()[0], "they go on to other bits after a death"

    # Samples of another shape on one rank.
    dies(2, "rank 1: inputs: expected 12 rows", "shape", 1)
    dies(4, "rank 3: inputs: expected 12 rows", "shape", 1)

    one = gradient(1)
    size = math.hypot(*one)
    assert size > 0.01, f"a gradient of {size}"
    for ranks in (2, 4):
        away = math.dist(one, gradient(ranks)) / size
        assert away < 1e-12, f"the gradient of {ranks} ranks is {away:g} away"
    print("1 to 4 ranks of 1 and 2 threads train to the same bits")


main()
