# SPDX-License-Identifier: MIT
"""pca.json: principal components by numpy's singular value decomposition of the centred samples."""

import numpy as np

import golden

# rows, samples, components; the samples are streams of different scales, mixed
CASES = {"wide": (5, 40, 5), "wide_few": (17, 300, 3), "square": (8, 8, 7), "tall": (33, 6, 5), "tall_few": (100, 20, 4), "line": (1, 9, 1)}


def samples(rows, count):
    """diag(1 / (1 + i / 2)) mixed by an upper triangle, around 3: a spectrum that falls, and a mean that matters."""
    u = golden.fill(1, 2, -1, rows, count).numpy().T
    scaled = u / (1 + np.arange(rows)[:, None] / 2)
    mixed = scaled.copy()
    mixed[:-1] += 0.5 * scaled[1:]
    return mixed + 3


def case(rows, count, components):
    x = samples(rows, count)
    mean = x.mean(axis=1, keepdims=True)
    directions, values, _ = np.linalg.svd(x - mean, full_matrices=False)
    directions = directions[:, :components]
    largest = np.abs(directions).argmax(axis=0)
    directions = directions * np.sign(directions[largest, np.arange(components)])
    variance = values**2 / (count - 1)
    error = ((x - mean - directions @ (directions.T @ (x - mean))) ** 2).mean()
    return {
        "rows": rows,
        "samples": count,
        "variance": variance[:components].tolist(),
        "ratio": (variance[:components] / variance.sum()).tolist(),
        "error": float(error),
        "components": golden.totals(golden.torch.from_numpy(directions.T.copy())),
        "codes": golden.totals(golden.torch.from_numpy((directions.T @ (x - mean)).T.copy())),
    }


golden.write("pca.json", {name: case(*sizes) for name, sizes in CASES.items()})
