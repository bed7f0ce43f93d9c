# SPDX-License-Identifier: MIT
"""What the scripts of this folder share: they are called by NAME.py MPIEXEC [FLAGS] -n PROGRAM FOLDER"""

import pathlib
import subprocess
import sys
import time

*MPIEXEC, PROGRAM, FOLDER = sys.argv[1:]
FOLDER = pathlib.Path(FOLDER).resolve()
PATIENCE = 120  # seconds for what takes one or two: the machine may be busy
DEATH = 30  # seconds in which all must have ended when one rank has


def run(ranks, *arguments):
    """What rank 0 prints."""
    command = [*MPIEXEC, str(ranks), PROGRAM, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, cwd=FOLDER)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def dies(ranks, text, *arguments):
    """A run that ends with an error, soon, and says a text on standard error."""
    command = [*MPIEXEC, str(ranks), PROGRAM, *map(str, arguments)]
    start = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, cwd=FOLDER)
    seconds = time.monotonic() - start
    assert done.returncode != 0, f"{' '.join(command)}: no error"
    assert text in done.stderr, f"{' '.join(command)}: expected {text!r}, found {done.stderr}"
    assert seconds < DEATH, f"{' '.join(command)}: ended after {seconds:.0f} s"
    return done
