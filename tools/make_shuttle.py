#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes data/shuttle/shuttle.csv.gz from river 0.26.1, which it downloads from PyPI.

    python3 tools/make_shuttle.py

The rows are river's, unchanged and in their order: nine attributes f1 to f9 and the column anomaly, 1 or 0."""

import gzip
import pathlib
import subprocess
import sys
import tempfile
import zipfile

OUTPUT = pathlib.Path(__file__).resolve().parent.parent / "data/shuttle"
VERSION = "0.26.1"


def download(folder):
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, f"river=={VERSION}"], check=True)
    return zipfile.ZipFile(next(pathlib.Path(folder).glob(f"river-{VERSION}-*.whl")))


def write(name, contents):
    path = OUTPUT / f"{name}.gz"
    # Neither a name nor a time in the gzip header: they would change from run to run.
    with path.open("wb") as raw, gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=raw, mtime=0) as packed:
        packed.write(contents)
    print(f"{path.name}: {path.stat().st_size} bytes")


def check(text):
    """That the file is what the README says: rows, columns, anomalies."""
    rows = text.splitlines()
    assert rows[0] == ",".join([f"f{i}" for i in range(1, 10)] + ["anomaly"]), rows[0]
    assert all(row.count(",") == 9 for row in rows)
    assert (len(rows) - 1, sum(row.endswith(",1") for row in rows)) == (49_097, 3_511)


def main():
    OUTPUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        river = download(folder)
        contents = gzip.decompress(river.read("river/datasets/shuttle.csv.gz"))
        licence = river.read(f"river-{VERSION}.dist-info/licenses/LICENSE")
    check(contents.decode())
    write("shuttle.csv", contents)
    (OUTPUT / "LICENSE-river").write_bytes(licence)


main()
