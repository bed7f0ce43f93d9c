#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the files of data/emoji from two packages of Debian 12: the pictures of fonts-noto-color-emoji (2.042), in the order and with
the names of unicode-data (15.0).

    sudo apt-get install fonts-noto-color-emoji unicode-data
    python3 -m venv venv && venv/bin/pip install fonttools pillow numpy
    venv/bin/python tools/make_emoji.py

For each group of Unicode's list of emoji one PNG file, a grid of cells of 32 × 32 pixels, 32 in a row; and emoji.tsv, which says what is
in each cell. What is left out, and how a picture becomes a cell, is in data/emoji/README.md."""

import argparse
import hashlib
import io
import pathlib
import re
import sys

import numpy
from fontTools.ttLib import TTFont
from PIL import Image

OUTPUT = pathlib.Path(__file__).resolve().parent.parent / "data" / "emoji"
FONT = pathlib.Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
NAMES = pathlib.Path("/usr/share/unicode/emoji/emoji-test.txt")

SIDE, COLUMNS, STEP = 32, 32, 3
JOINER, AS_EMOJI, FEMALE, MALE, MAN, WOMAN = 0x200D, 0xFE0F, 0x2640, 0x2642, 0x1F468, 0x1F469
SKIN = range(0x1F3FB, 0x1F400)


def wanted(group, code_points):
    """No flags, no skin tones, and of what there is as woman, man and person, or as a family, the person alone."""
    if group == "Flags" or any(point in SKIN for point in code_points):
        return False
    joined = JOINER in code_points
    gendered = FEMALE in code_points or MALE in code_points or code_points[0] in (MAN, WOMAN)
    return not (group == "People & Body" and joined and gendered)


def read_names(path):
    """(group, code points, name) of every emoji that is wanted, in Unicode's order."""
    group = None
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# group: "):
            group = line.removeprefix("# group: ").strip()
        elif match := re.match(r"([0-9A-F ]+); fully-qualified +# \S+ E[\d.]+ (.+)", line):
            code_points = [int(point, 16) for point in match[1].split()]
            if wanted(group, code_points):
                yield group, code_points, match[2]


class Glyphs:
    """The PNG files in the font, by code points."""

    def __init__(self, path):
        font = TTFont(path)
        self.version = font["name"].getDebugName(5)
        self.characters = font.getBestCmap()
        (self.pictures,) = font["CBDT"].strikeData
        self.ligatures = {}
        for lookup in font["GSUB"].table.LookupList.Lookup:
            for table in lookup.SubTable:
                for first, ligatures in getattr(table, "ligatures", {}).items():
                    for ligature in ligatures:
                        self.ligatures[first, *ligature.Component] = ligature.LigGlyph

    def picture(self, code_points):
        glyphs = tuple(self.characters[point] for point in code_points if point != AS_EMOJI)
        return self.pictures[glyphs[0] if len(glyphs) == 1 else self.ligatures[glyphs]].imageData


def cell(png):
    """136 × 128 with alpha, of which the outer four columns are empty → on white, the mean of each 4 × 4 pixels, rounded to a
    multiple of 3."""
    pixels = numpy.asarray(Image.open(io.BytesIO(png)).convert("RGBA"), dtype=numpy.uint64)
    if pixels.shape != (128, 136, 4) or pixels[:, :4, 3].any() or pixels[:, -4:, 3].any():
        sys.exit(f"expected a picture of 136 × 128 with four empty columns at its sides, found {pixels.shape}")
    colour, alpha = pixels[:, 4:-4, :3], pixels[:, 4:-4, 3:]
    on_white = colour * alpha + 255 * (255 - alpha)  # 255 times the value
    area = 128 // SIDE
    sums = on_white.reshape(SIDE, area, SIDE, area, 3).sum(axis=(1, 3))
    whole = 255 * area * area * STEP
    return (STEP * ((2 * sums + whole) // (2 * whole))).astype(numpy.uint8)


def file_name(group):
    return re.sub(r"[^a-z]+", "-", group.lower()) + ".png"


def write_grid(path, cells):
    rows = -(-len(cells) // COLUMNS)
    grid = numpy.full((rows * SIDE, COLUMNS * SIDE, 3), 255, dtype=numpy.uint8)
    for i, picture in enumerate(cells):
        top, left = i // COLUMNS * SIDE, i % COLUMNS * SIDE
        grid[top : top + SIDE, left : left + SIDE] = picture
    Image.fromarray(grid).save(path, optimize=True)
    return hashlib.sha256(grid.tobytes()).hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--font", type=pathlib.Path, default=FONT)
    parser.add_argument("--names", type=pathlib.Path, default=NAMES)
    parser.add_argument("--out", type=pathlib.Path, default=OUTPUT)
    options = parser.parse_args()
    for path in (options.font, options.names):
        if not path.is_file():
            sys.exit(f"{path}: expected a file of the packages fonts-noto-color-emoji and unicode-data, found none")

    glyphs = Glyphs(options.font)
    groups, lines, seen = {}, ["group\tfile\tcode points\tname"], {}
    for group, code_points, name in read_names(options.names):
        picture = cell(glyphs.picture(code_points))
        if (same := seen.setdefault(picture.tobytes(), name)) != name:
            print(f"left out: {name}, the same picture as {same}")
            continue
        groups.setdefault(group, []).append(picture)
        lines.append("\t".join((group, file_name(group), " ".join(f"{point:04X}" for point in code_points), name)))

    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "emoji.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(glyphs.version)
    for group, cells in groups.items():
        path = options.out / file_name(group)
        digest = write_grid(path, cells)
        print(f"{group}: {len(cells)} emoji, {path.stat().st_size} bytes, SHA-256 of the pixels {digest}")


main()
