#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the pictures of data/photographs from the wheel of scikit-image.

    pip download --no-deps 'scikit-image==0.26.*'
    python3 tools/make_photographs.py scikit_image-0.26.*.whl data/photographs     # needs numpy and Pillow

Grey, eight bits, cut to whole multiples of 16 pixels around the middle. The same input gives the same pixels.
"""

import io
import pathlib
import sys
import zipfile

import numpy
from PIL import Image

# name in the wheel → folder here, and by how much the picture is made smaller
PICTURES = {
    "astronaut.png": ("test", 1),
    "brick.png": ("train", 2),
    "camera.png": ("test", 1),
    "chelsea.png": ("train", 1),
    "coffee.png": ("train", 1),
    "grass.png": ("train", 2),
    "gravel.png": ("train", 2),
    "hubble_deep_field.jpg": ("train", 2),
    "retina.jpg": ("train", 2),
    "rocket.jpg": ("train", 1),
}
MULTIPLE = 16


def grey(pixels):
    """Luma of ITU-R BT.601, as the library's convert_channels rounds it."""
    if pixels.ndim == 2:
        return pixels
    r, g, b = (pixels[..., c].astype(numpy.uint32) for c in range(3))
    return ((299 * r + 587 * g + 114 * b + 500) // 1000).astype(numpy.uint8)


def smaller(pixels, factor):
    """Means of squares of pixels, to the nearest."""
    height, width = (side // factor * factor for side in pixels.shape)
    squares = pixels[:height, :width].astype(numpy.uint32).reshape(height // factor, factor, width // factor, factor)
    return ((squares.sum((1, 3)) + factor * factor // 2) // (factor * factor)).astype(numpy.uint8)


def cut(pixels):
    height, width = (side // MULTIPLE * MULTIPLE for side in pixels.shape)
    top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
    return pixels[top : top + height, left : left + width]


def main():
    wheel, out = sys.argv[1], pathlib.Path(sys.argv[2])
    with zipfile.ZipFile(wheel) as archive:
        for name, (folder, factor) in PICTURES.items():
            found = Image.open(io.BytesIO(archive.read(f"skimage/data/{name}")))
            pixels = numpy.asarray(found if found.mode == "L" else found.convert("RGB"))
            pixels = cut(smaller(grey(pixels), factor))
            (out / folder).mkdir(parents=True, exist_ok=True)
            file = out / folder / (pathlib.Path(name).stem + ".png")
            Image.fromarray(pixels).save(file, optimize=True)
            print(f"{file}: {pixels.shape[0]} x {pixels.shape[1]}, {file.stat().st_size} bytes")


main()
