"""Holds what this library reads from PNG and JPEG files, resizes and writes to Pillow.

    python3 images.py PROGRAM FOLDER"""

import pathlib
import subprocess
import sys

import numpy as np
from PIL import Image

program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(2)
y, x = np.mgrid[0:61, 0:47]
smooth = np.stack([128 + 100 * np.sin(x / 9 + y / 14 + 2 * c) for c in range(4)], -1).astype("u1")
noise = rng.integers(0, 256, (61, 47, 4), dtype="u1")
kinds = {}


def save(name, image, **options):
    image.save(folder / name, **options)
    kinds[name] = image


for what, pixels in {"smooth": smooth, "noise": noise}.items():
    colour, grey = Image.fromarray(pixels[..., :3].copy()), Image.fromarray(pixels[..., 0].copy())
    save(f"{what}_colour.png", colour)
    save(f"{what}_grey.png", grey)
    save(f"{what}_bits.png", grey.convert("1"))
    save(f"{what}_palette.png", colour.quantize(64))
    save(f"{what}_few.png", colour.quantize(4))
    save(f"{what}_alpha.png", Image.fromarray(pixels))
    save(f"{what}_grey_alpha.png", Image.fromarray(pixels).convert("LA"))
    for quality in (20, 75, 100):
        for subsampling in (0, 1, 2):
            for progressive in (False, True):
                save(f"{what}_{quality}_{subsampling}_{progressive}.jpg", colour, quality=quality, subsampling=subsampling, progressive=progressive)
        save(f"{what}_{quality}_grey.jpg", grey, quality=quality)
    save(f"{what}_turned.jpg", colour, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0")
deep = rng.integers(0, 65536, (61, 47), dtype="u2")
save("deep.png", Image.fromarray(deep))

subprocess.run([program, folder], check=True)


def off(name, found, expected):
    found, expected = found.reshape(expected.shape).astype(int), expected.astype(int)
    return int(np.abs(found - expected).max()), name


worst = {"png": (0, ""), "jpg": (0, ""), "grey": (0, ""), "small": (0, "")}
for name in kinds:
    ending = name[-3:]
    image = Image.open(folder / name)
    if name == "deep.png":
        expected = np.round(np.asarray(image) / 257)
    elif image.mode in ("RGBA", "LA"):
        pixels = np.asarray(image).astype("f8")
        alpha = pixels[..., -1:] / 255
        expected = np.floor(pixels[..., :-1] * alpha + 255 * (1 - alpha) + 0.5)
    else:
        image = image.convert("RGB" if image.mode in ("P", "RGB") else "L")
        expected = np.asarray(image)
    read = np.load(folder / f"{name}.npy")[0]
    worst[ending] = max(worst[ending], off(name, read, expected))
    shown = Image.fromarray(expected.reshape(read.shape).astype("u1"))
    worst["grey"] = max(worst["grey"], off(name, np.load(folder / f"{name}.grey.npy")[0], np.asarray(shown.convert("L"))))
    worst["small"] = max(worst["small"], off(name, np.load(folder / f"{name}.small.npy")[0], np.asarray(shown.resize((23, 17), Image.Resampling.BILINEAR))))
    with Image.open(folder / f"{name}.again") as again:
        assert np.array_equal(np.asarray(again), read), name

print("greatest difference in a value:", worst)
assert worst["png"][0] == 0
assert worst["jpg"][0] <= 1  # another libjpeg may round in another way
assert worst["grey"][0] <= 1  # Pillow rounds in 16 bits
assert worst["small"][0] <= 1  # Pillow rounds between the two directions
print(f"read, resized and written as Pillow does it: {len(kinds)} pictures")
