#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the files of this folder from the whole of Fashion-MNIST: the first samples of its training and of its test set.

The same input gives the same bytes, whenever and wherever it is run with the same zlib.
"""

import argparse
import gzip
import pathlib
import struct


def first_samples(contents: bytes, count: int) -> bytes:
    """The first `count` samples of an IDX file of type uint8, as an IDX file."""
    zero, kind, dimensions = struct.unpack_from(">HBB", contents)
    if zero != 0 or kind != 0x08 or dimensions == 0:
        raise ValueError(f"expected an IDX file of uint8, found one that begins with {contents[:4].hex(' ')}")
    available, *extents = struct.unpack_from(f">{dimensions}I", contents, 4)
    if available < count:
        raise ValueError(f"expected at least {count} samples, found {available}")
    sample = 1
    for extent in extents:
        sample *= extent
    header = 4 + 4 * dimensions
    end = header + count * sample
    if len(contents) < end:
        raise ValueError(f"expected at least {end} bytes, found {len(contents)}")
    return contents[:4] + struct.pack(">I", count) + contents[8:end]


def main() -> None:
    here = pathlib.Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=pathlib.Path, default=pathlib.Path("/usr/share/datasets/fashion-mnist"),
                        metavar="DIR", help="folder of the four whole files (default: %(default)s)")
    parser.add_argument("--output", type=pathlib.Path, default=here, metavar="DIR", help="default: the folder of this script")
    parser.add_argument("--train", type=int, default=10_000, metavar="N", help="training samples (default: %(default)s)")
    parser.add_argument("--test", type=int, default=2_000, metavar="N", help="test samples (default: %(default)s)")
    options = parser.parse_args()

    for part, count in (("train", options.train), ("t10k", options.test)):
        for kind in ("images-idx3", "labels-idx1"):
            name = f"{part}-{kind}-ubyte.gz"
            try:
                contents = first_samples(gzip.decompress((options.source / name).read_bytes()), count)
            except FileNotFoundError:
                raise SystemExit(f"{options.source / name}: not found; install the package dataset-fashion-mnist, or give --source")
            except ValueError as error:
                raise SystemExit(f"{options.source / name}: {error}")
            # Neither a name nor a time in the gzip header: they would change from run to run.
            with (options.output / name).open("wb") as raw, \
                    gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=raw, mtime=0) as packed:
                packed.write(contents)
            print(f"{name}: {count} samples, {(options.output / name).stat().st_size} bytes")


if __name__ == "__main__":
    main()
