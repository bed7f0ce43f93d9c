# SPDX-License-Identifier: MIT
"""A file of four times the memory that the program may have is trained on, shuffled: python larger_than_memory.py PROGRAM FOLDER

Most of the file is a hole, which takes no room on the disk."""

import pathlib
import resource
import subprocess
import sys
import time

LIMIT = 256 << 20
SIZE = 4 * LIMIT // 784 * 784


def run(program, file, limit):
    def set_limit():
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    begin = time.monotonic()
    result = subprocess.run([program, file], capture_output=True, text=True, preexec_fn=set_limit)
    return result, time.monotonic() - begin


def make(file):
    """Runs of samples of one grey, one in sixteen; the others are black."""
    with open(file, "wb") as out:
        out.truncate(SIZE)
        run_bytes = 784 * 1000
        for k, begin in enumerate(range(0, SIZE - run_bytes, 16 * run_bytes)):
            out.seek(begin)
            out.write(bytes([64 + k % 4 * 48]) * run_bytes)


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
        # A model that gives black for all has the mean square of the greys: one in sixteen of ((64 … 208) / 255)².
        nothing_learnt = sum((grey / 255) ** 2 for grey in (64, 112, 160, 208)) / 4 / 16
        assert 0 < float(values["validation_loss"]) < nothing_learnt / 4, (values, nothing_learnt)
        print(f"{SIZE >> 20} MiB in {LIMIT >> 20} MiB of addresses: {values}, {seconds:.1f} s")
    finally:
        file.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
