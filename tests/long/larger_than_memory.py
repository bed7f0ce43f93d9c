# SPDX-License-Identifier: MIT
"""A file of four times the memory that the program may have is trained on, shuffled: python larger_than_memory.py PROGRAM FOLDER

Most of the file is a hole, which takes no room on the disk."""

import pathlib
import resource
import subprocess
import sys
import time

LIMIT = 256 << 20
SAMPLES = 4 * LIMIT // 784
SIZE = SAMPLES * 784
RUN = 1000


def run(program, file, limit):
    def set_limit():
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    begin = time.monotonic()
    result = subprocess.run([program, file], capture_output=True, text=True, preexec_fn=set_limit)
    return result, time.monotonic() - begin


def runs():
    """First samples and greys of the runs of samples of one grey, one in sixteen; the others are black."""
    return [(begin, 64 + k % 4 * 48) for k, begin in enumerate(range(0, SAMPLES - RUN, 16 * RUN))]


def make(file):
    with open(file, "wb") as out:
        out.truncate(SIZE)
        for begin, grey in runs():
            out.seek(784 * begin)
            out.write(bytes([grey]) * 784 * RUN)


def mean_square(first, count):
    """Of the values, 0 to 1, of these samples: the loss of a model that gives black for all."""
    return sum(max(min(begin + RUN, first + count) - max(begin, first), 0) * (grey / 255) ** 2 for begin, grey in runs()) / count


def main():
    program, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "samples.u8"
    try:
        make(file)
        result, seconds = run(program, file, LIMIT)
        assert result.returncode == 0, result.stdout + result.stderr
        values = dict(line.split() for line in result.stdout.splitlines())
        assert int(values["samples"]) == SIZE // 784, values
        # The program validates on a hundredth of the samples, from their middle on: one run in them, of the lightest grey, 0.049.
        nothing_learnt = mean_square(SAMPLES // 2, SAMPLES // 100)
        assert 0 < float(values["validation_loss"]) < nothing_learnt / 10, (values, nothing_learnt)
        print(f"{SIZE >> 20} MiB in {LIMIT >> 20} MiB of addresses: {values}, {seconds:.1f} s")
    finally:
        file.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
