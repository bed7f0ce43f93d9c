# SPDX-License-Identifier: MIT
"""Whatever the objects of a level define for the linker has the level in its name: python3 symbols.py NM LEVEL OBJECT...

A weak symbol, such as that of an inline function, may be in several objects, and the linker takes any of them for the whole
program. One that is compiled for a newer processor must therefore have a name of its own."""

import re
import subprocess
import sys


def defined(nm, path):
    """The global and weak symbols that an object defines: letters as nm has them, and names."""
    output = subprocess.run([nm, "--defined-only", "--extern-only", path], check=True, capture_output=True, text=True).stdout
    return [line.split(maxsplit=2)[1:] for line in output.splitlines() if len(line.split(maxsplit=2)) == 3]


def main(nm, level, *objects):
    own = re.compile(rf"eigencoder_{level}|Eigen_{level}|^_?eigencoder_[a-z0-9_]+_{level}$")
    found = {path: defined(nm, path) for path in objects}
    empty = [path for path, symbols in found.items() if not symbols]
    if not objects or empty:
        sys.exit(f"no symbols in {', '.join(empty) or 'no objects'}")
    others = sorted({(name, letter, path) for path, symbols in found.items() for letter, name in symbols if not own.search(name)})
    if others:
        lines = "\n".join(f"  {letter} {name}   {path}" for name, letter, path in others)
        sys.exit(f"{len(others)} symbols without the level {level} in their names:\n{lines}")
    print(f"{sum(map(len, found.values())):,} symbols of {len(found)} objects have the level {level} in their names")


main(*sys.argv[1:])
