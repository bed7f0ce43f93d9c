# SPDX-License-Identifier: MIT
"""What EIGENCODER_SIMD does to a program that links the component: python3 environment.py PROGRAM"""

import os
import re
import subprocess
import sys

LEVELS = {"x86-64 baseline (SSE2)": 0, "Arm baseline (NEON)": 0, "baseline": 0, "x86-64-v3 (AVX2, FMA)": 1, "x86-64-v4 (AVX-512)": 2}


def run(program, level):
    environment = {name: value for name, value in os.environ.items() if name != "EIGENCODER_SIMD"}
    if level is not None:
        environment["EIGENCODER_SIMD"] = level
    return subprocess.run([program], env=environment, capture_output=True, text=True, timeout=100)


def level_of(program, wanted):
    done = run(program, wanted)
    assert done.returncode == 0, (wanted, done)
    kernels, loss = re.fullmatch(r"Kernels: (.+)\nloss ([\d.e-]+)\n", done.stdout).groups()
    assert 0 < float(loss) < 1, (wanted, loss)
    return LEVELS[kernels]


def main(program):
    highest = level_of(program, None)
    flags = next((line.split() for line in open("/proc/cpuinfo", encoding="utf-8") if line.startswith("flags")), [])
    if flags:  # of an x86-64, as Linux names them
        v3 = {"avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"} <= set(flags)
        v4 = v3 and {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"} <= set(flags)
        assert highest == v3 + v4, (highest, flags)
    for number, name in enumerate(("v2", "v3", "v4")):
        assert level_of(program, name) == min(number, highest), name
    for nonsense in ("", "v5", "V3", "avx2", "v3 "):
        done = run(program, nonsense)
        message = f'EIGENCODER_SIMD must be v2, v3 or v4, found "{nonsense}"\n'
        assert (done.returncode, done.stdout) == (3, message), (nonsense, done)
    print(f"level {highest} of this machine; v2, v3 and v4 lower it; other values are refused")


main(sys.argv[1])
