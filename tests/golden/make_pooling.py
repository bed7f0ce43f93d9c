# SPDX-License-Identifier: MIT
"""pooling.json: totals of the outputs and gradients of pools, of their reverse, and of enlarged images."""

import torch
from torch.nn import functional

import golden

# window, stride, padding, image (height, width, channels), batch
POOLS = [
    ((2, 2), (2, 2), "valid", (6, 4, 3), 7),
    ((2, 2), (2, 2), "valid", (28, 28, 1), 1),
    ((2, 2), (2, 2), "valid", (28, 28, 32), 1),
    ((2, 2), (2, 2), "valid", (4, 2, 17), 7),
    ((2, 2), (1, 1), "valid", (3, 3, 1), 7),
    ((3, 3), (3, 3), "valid", (9, 3, 5), 7),
    ((3, 3), (2, 2), "valid", (7, 9, 2), 1),
    ((3, 3), (1, 1), "valid", (5, 4, 16), 7),
    ((2, 3), (2, 3), "valid", (4, 9, 33), 1),
    ((1, 2), (1, 2), "valid", (1, 8, 3), 7),
    ((1, 1), (1, 1), "valid", (2, 3, 5), 1),
    ((2, 2), (2, 2), "same", (5, 7, 1), 7),
    ((2, 2), (2, 2), "same", (1, 1, 5), 7),
    ((3, 3), (2, 2), "same", (7, 5, 17), 1),
    ((3, 3), (2, 2), "same", (8, 6, 2), 7),
    ((3, 3), (1, 1), "same", (4, 4, 32), 1),
    ((2, 2), (3, 3), "same", (7, 9, 3), 7),
    ((5, 5), (1, 1), "same", (3, 2, 33), 1),
    ((3, 2), (1, 2), "same", (5, 5, 2), 7),
    ((5, 5), (5, 5), "same", (28, 28, 16), 1),
]
UNPOOLS = [((2, 2), (6, 4, 3), 7), ((2, 2), (28, 28, 16), 1), ((3, 2), (9, 8, 17), 7), ((1, 3), (1, 9, 1), 1)]
# factor, image, batch
ENLARGED = [
    ((2, 2), (3, 4, 2), 7),
    ((2, 2), (14, 14, 32), 1),
    ((2, 2), (28, 28, 1), 1),
    ((2, 3), (5, 7, 17), 1),
    ((3, 3), (4, 1, 3), 7),
    ((1, 5), (1, 6, 33), 1),
    ((4, 1), (2, 9, 1), 7),
    ((1, 1), (3, 2, 5), 1),
]
GLOBAL = [((7, 5, 3), 7), ((28, 28, 1), 1), ((4, 9, 33), 1), ((1, 1, 16), 7)]


def text(*sizes):
    return " ".join("x".join(map(str, size)) if isinstance(size, tuple) else str(size) for size in sizes)


def run(function, image, batch):
    """Totals of y and dx. The library's images have their channels innermost, PyTorch's outermost."""
    height, width, channels = image
    x = golden.fill(1, 2, -1, height * width * channels, batch).requires_grad_()
    y = function(x.reshape(batch, height, width, channels).permute(0, 3, 1, 2)).permute(0, 2, 3, 1).reshape(batch, -1)
    y.backward(golden.fill(2, 2, -1, y.shape[1], batch))
    return {"size": y.shape[1], "y": golden.totals(y), "dx": golden.totals(x.grad)}


def around(extent, window, stride):
    """Keras's padding of one axis: the odd pixel comes last."""
    total = max((-(-extent // stride) - 1) * stride + window - extent, 0)
    return [total // 2, total - total // 2]


def padded(x, window, stride, padding, value):
    if padding == "valid":
        return x
    return functional.pad(x, around(x.shape[3], window[1], stride[1]) + around(x.shape[2], window[0], stride[0]), value=value)


def largest(window, stride, padding):
    return lambda x: functional.max_pool2d(padded(x, window, stride, padding, -torch.inf), window, stride)


def mean(window, stride, padding):
    """Over the pixels that exist: the mean with zeros, over the mean of as many ones."""
    def pool(x):
        return functional.avg_pool2d(padded(x, window, stride, padding, 0.0), window, stride)
    return lambda x: pool(x) / pool(torch.ones_like(x))


def there_and_back(window):
    def pool(x):
        y, places = functional.max_pool2d(x, window, window, return_indices=True)
        return functional.max_unpool2d(y, places, window, window)
    return pool


def enlarge(factor, mode):
    options = {"align_corners": False} if mode == "bilinear" else {}
    return lambda x: functional.interpolate(x, scale_factor=factor, mode=mode, **options)


golden.write("pooling.json", {
    "max": {text(*pool): run(largest(*pool[:3]), *pool[3:]) for pool in POOLS},
    "avg": {text(*pool): run(mean(*pool[:3]), *pool[3:]) for pool in POOLS},
    "global": {text(*case): run(lambda x: x.mean((2, 3), keepdim=True), *case) for case in GLOBAL},
    "unpool": {text(*case): run(there_and_back(case[0]), *case[1:]) for case in UNPOOLS},
    **{mode: {text(*case): run(enlarge(case[0], mode), *case[1:]) for case in ENLARGED} for mode in ("nearest", "bilinear")},
})
