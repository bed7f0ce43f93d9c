# SPDX-License-Identifier: MIT
"""Runs long_levels, which is compiled for any x86-64, on emulated processors: python3 levels.py PROGRAM FOLDER

Each must choose the level that it has, meet no instruction that it does not have, and give the losses of this machine at that level,
bit by bit unless roots are taken, which begin with an approximation of the processor's own. The losses of two levels agree within
the rounding of their sums. Needs qemu-user."""

import math
import os
import pathlib
import platform
import shutil
import subprocess
import sys

QEMU = shutil.which("qemu-x86_64") or shutil.which("qemu-x86_64-static")
# Levels that a processor has, in a qemu that emulates AVX2 (from 7.2 on) and in an older one.
PROCESSORS = {"Nehalem": (0, 0), "Haswell": (1, 0), "max": (1, 0)}
BETWEEN_LEVELS = 1e-4
WITH_ROOTS = {"dense-adam", "variational"}


def run(command, level=None):
    """The level that the program says, and the losses of each network."""
    environment = {name: value for name, value in os.environ.items() if name != "EIGENCODER_SIMD"}
    if level is not None:
        environment["EIGENCODER_SIMD"] = f"v{level + 2}"
    done = subprocess.run(list(map(str, command)), env=environment, capture_output=True, text=True, timeout=500)
    if done.returncode != 0:
        sys.exit(f"{command}: status {done.returncode}\n{done.stderr}")
    first, *lines = done.stdout.splitlines()
    losses = {}
    for line in lines:
        network, loss = line.split()
        losses.setdefault(network, []).append(float.fromhex(loss))
    assert WITH_ROOTS < losses.keys() and all(values[-1] < values[0] for values in losses.values()), f"{command}: {losses}"
    return int(first.removeprefix("level ")), losses


def difference(one, other, networks):
    """The largest, relative to the losses."""
    pairs = [pair for network in networks for pair in zip(one[network], other[network], strict=True)]
    assert pairs and all(map(math.isfinite, sum(pairs, ())))
    return max(abs(a - b) / abs(a) for a, b in pairs)


def emulates_avx2():
    version = subprocess.run([QEMU, "--version"], check=True, capture_output=True, text=True).stdout.split()[2]
    return tuple(map(int, version.split(".")[:2])) >= (7, 2)


def main(program):
    highest, losses = run([program])
    native = {highest: losses}
    for level in range(highest):
        chosen, native[level] = run([program], level)
        assert chosen == level, f"EIGENCODER_SIMD=v{level + 2}: level {chosen}"
    for level, losses in native.items():
        apart = difference(native[0], losses, losses)
        assert apart <= BETWEEN_LEVELS, f"levels 0 and {level}: losses differ by {apart:.2g}"
        print(f"here, level {level}: at most {apart:.2g} from level 0")

    for processor, levels in PROCESSORS.items():
        chosen, losses = run([QEMU, "-cpu", processor, program])
        wanted = levels[0] if emulates_avx2() else levels[1]
        assert chosen == wanted, f"{processor}: expected level {wanted}, found {chosen}"
        if chosen not in native:
            continue
        here = native[chosen]
        others = sorted(network for network in losses.keys() - WITH_ROOTS if losses[network] != here[network])
        assert not others, f"{processor}, level {chosen}: not the bits of this machine: {', '.join(others)}"
        apart = difference(here, losses, WITH_ROOTS)
        assert apart <= BETWEEN_LEVELS, f"{processor}, level {chosen}: with roots, losses differ by {apart:.2g}"
        print(f"{processor}: level {chosen} with the losses of this machine, bit by bit; at most {apart:.2g} apart where roots are taken")


if __name__ == "__main__":
    if platform.machine() != "x86_64":
        print("this is no x86-64: nothing to compare")
    elif QEMU is None:
        sys.exit("levels.py needs qemu-x86_64, which Debian has in qemu-user")
    else:
        main(pathlib.Path(sys.argv[1]).resolve())
