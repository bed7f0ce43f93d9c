#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fetches MovieLens-100k (943 users, 1,682 films, 100,000 ratings of 1 to 5) out of the Python package recbole 1.2.1.

    python3 tools/fetch_movielens.py FOLDER       writes ml-100k.inter and ml-100k.item there

GroupLens allows research with it, but neither redistribution nor commerce, so it is not part of this repository:
https://files.grouplens.org/datasets/movielens/ml-100k-README.txt
Harper and Konstan, 2015, "The MovieLens datasets: history and context".
"""

import pathlib
import subprocess
import sys
import tempfile
import zipfile

PACKAGE = "recbole==1.2.1"
FILES = ("ml-100k.inter", "ml-100k.item")


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as temporary:
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", temporary, PACKAGE], check=True)
        (wheel,) = pathlib.Path(temporary).glob("*.whl")
        folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(wheel) as archive:
            for name in FILES:
                (folder / name).write_bytes(archive.read(f"recbole/dataset_example/ml-100k/{name}"))
                print(f"wrote {folder / name}")


if __name__ == "__main__":
    main()
