"""Writes what all peers read, as raw float32 in the order of memory.

    python data.py FOLDER_OF_FASHION_MNIST OUTPUT_FOLDER SEEDS

    train-28.f32, test-28.f32   images in [0, 1], one after the other
    train-8.f32, test-8.f32     the same reduced to 8 x 8 pixels by area
    train-28-noise0.5.f32, ...  images with normal noise of this deviation, clipped, and rounded to 8 bits as the images are
    M1-seed1.f32, ...           the first weights of each work, as README.md has their order
"""

import gzip
import math
import os
import sys
from pathlib import Path

import numpy as np

import catalogue


def images(path: Path) -> np.ndarray:
    """An IDX file of images: 16 bytes of header, then a byte a pixel."""
    with gzip.open(path) as file:
        content = file.read()
    count, height, width = np.frombuffer(content, ">i4", 3, offset=4)
    return np.frombuffer(content, np.uint8, offset=16).reshape(count, height, width).astype(np.float32) / np.float32(255)


def averaging(length: int, parts: int) -> np.ndarray:
    """parts × length: the mean over each part of a line; pixels that are cut count in proportion."""
    part = length / parts
    begin, pixel = np.arange(parts)[:, None] * part, np.arange(length)
    overlap = np.minimum(begin + part, pixel + 1) - np.maximum(begin, pixel)
    return (np.maximum(overlap, 0) / part).astype(np.float32)


def noisy(clean: np.ndarray, deviation: float) -> np.ndarray:
    noise = np.random.default_rng(0).standard_normal(clean.shape, np.float32)
    return np.rint(np.clip(clean + np.float32(deviation) * noise, 0, 1) * 255) / np.float32(255)


def write(path: Path, samples: np.ndarray) -> None:
    beside = path.with_suffix(".part")
    samples.tofile(beside)
    os.replace(beside, path)


def first_weights(work: catalogue.Work, seed: int) -> np.ndarray:
    """Glorot and Bengio's uniform distribution; zero biases."""
    random = np.random.default_rng(seed)
    parts = []
    for *kernel, inputs, outputs in work.weights:
        taps = math.prod(kernel)
        limit = (6 / (taps * (inputs + outputs))) ** 0.5
        parts += [random.uniform(-limit, limit, taps * inputs * outputs), np.zeros(outputs)]
    return np.concatenate(parts).astype(np.float32)


def main(source: Path, output: Path, seeds: int) -> None:
    output.mkdir(parents=True, exist_ok=True)
    for split, name in (("train", "train-images-idx3-ubyte.gz"), ("test", "t10k-images-idx3-ubyte.gz")):
        large = images(source / name)
        small = averaging(large.shape[1], 8) @ large @ averaging(large.shape[2], 8).T
        for work in catalogue.WORKS.values():
            clean = large if work.image == large.shape[1] else small
            for noise in {0, work.noise}:
                write(output / work.file(split, noise), noisy(clean, noise) if noise else clean)
    for work in catalogue.WORKS.values():
        for seed in range(1, seeds + 1):
            write(output / f"{work.name}-seed{seed}.f32", first_weights(work, seed))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
