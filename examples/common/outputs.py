# SPDX-License-Identifier: MIT
"""Runs an example and looks at what it has written: outputs.py FOLDER PROGRAM [OPTION...], whose --out is FOLDER.

metrics.json must hold numbers alone that are finite, and every picture must show something.
"""

from __future__ import annotations

import json
import pathlib
import shutil
import struct
import subprocess
import sys
import zlib

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of PNG's colour types


def predicted(filter_type: int, left: int, up: int, corner: int) -> int:
    """What a row's filter subtracts from a byte: section 9 of the PNG specification."""
    if filter_type == 4:
        estimate = left + up - corner
        return min((left, up, corner), key=lambda neighbour: abs(estimate - neighbour))
    return (0, left, up, (left + up) // 2)[filter_type]


def picture_shows(path: pathlib.Path) -> str:
    """What is wrong with a PNG file: nothing, if two of its pixels differ."""
    data = path.read_bytes()
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        return "is no PNG file"
    chunks, at = {}, 8
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        chunks[kind] = chunks.get(kind, b"") + data[at + 8 : at + 8 + length]
        at += 12 + length
    width, height, depth, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    if width < 16 or height < 16:
        return f"has {width} x {height} pixels"
    pixel = max(1, depth * CHANNELS[colour] // 8)
    stride = (width * depth * CHANNELS[colour] + 7) // 8
    rows, above = zlib.decompress(chunks[b"IDAT"]), bytes(stride)
    for y in range(height):
        filter_type, *row = rows[y * (stride + 1) : (y + 1) * (stride + 1)]
        for x in range(stride):
            left, corner = (row[x - pixel], above[x - pixel]) if x >= pixel else (0, 0)
            row[x] = (row[x] + predicted(filter_type, left, above[x], corner)) % 256
        first = row[:pixel] if y == 0 else first
        if row != first * (stride // pixel):
            return ""
        above = row
    return "is the same everywhere"


def not_finite(value) -> bool:
    """A number that is not finite is written as null."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return value is None or any(map(not_finite, parts))


def complaints(folder: pathlib.Path):
    """What is wrong with an example's files, a sentence each."""
    metrics = folder / "metrics.json"
    if not metrics.is_file():
        yield f"{metrics} is missing"
    elif not_finite(json.loads(metrics.read_text(encoding="utf-8"))):
        yield f"{metrics} has a number that is not finite"
    pictures = sorted(folder.glob("*.png"))
    if not pictures and shutil.which("gnuplot"):  # which draws all that some programs show
        yield f"{folder} has no picture"
    for picture in pictures:
        if wrong := picture_shows(picture):
            yield f"{picture} {wrong}"


def run(folder: pathlib.Path, command: list[str]) -> None:
    """Runs a program that writes into an empty folder. Exits where it fails or writes what it should not."""
    shutil.rmtree(folder, ignore_errors=True)
    status = subprocess.run([*command, "--out", str(folder)], check=False).returncode
    if status != 0:
        sys.exit(f"{' '.join(command)}: exit status {status}")
    if wrong := list(complaints(folder)):
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    run(pathlib.Path(sys.argv[1]), sys.argv[2:])
