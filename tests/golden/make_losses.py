# SPDX-License-Identifier: MIT
"""losses.json: value and gradient of every loss, for both reductions over the features."""

import torch
from torch.nn import functional as F

import golden

FEATURES, BATCH = 6, 5
UNIT = {"scale": 1, "offset": 0}   # probabilities and grey values in [0, 1)
WIDE = {"scale": 8, "offset": -4}  # anything else, in [-4, 4)


def reductions(loss, y, t):
    """`mean` is over features and batch, `sum` over the features and then the mean over the batch."""
    results = {}
    for reduction, divisor in {"mean": y.numel(), "sum": len(y)}.items():
        y = y.detach().requires_grad_()
        value = loss(y, t, reduction="sum") / divisor
        value.backward()
        results[reduction] = {"value": value.item(), "gradient": golden.numbers(y.grad)}
    return results


def case(loss, y, t, **options):
    drawn = [golden.fill(stream, rows=FEATURES, columns=BATCH, **draw) for stream, draw in ((1, y), (2, t))]
    return {"features": FEATURES, "batch": BATCH, **options, "y": y, "t": t, **reductions(loss, *drawn)}


def huber(delta):
    return case(lambda *args, **options: F.huber_loss(*args, delta=delta, **options), WIDE, WIDE, delta=delta)


def clamped(epsilon=1e-7):
    """Keras's way with probabilities at and near 0 and 1: clamp first, so that beyond the bounds the gradient is 0."""
    def loss(y, t, reduction):
        p = y.clamp(epsilon, 1 - epsilon)
        return -(t * p.log() + (1 - t) * (1 - p).log()).sum()

    y = torch.tensor([0, 1e-8, 2e-7, 0.5, 1 - 2e-7, 1 - 1e-8, 1]).repeat(3, 1)
    t = torch.tensor([0, 0.25, 1]).repeat_interleave(7).reshape(3, 7)
    return {"features": 7, "batch": 3, "epsilon": epsilon, "y": golden.numbers(y), "t": golden.numbers(t),
            **reductions(loss, y, t)}


golden.write("losses.json", {
    "losses": {
        "mean_squared_error": case(F.mse_loss, WIDE, WIDE),
        "mean_absolute_error": case(F.l1_loss, WIDE, WIDE),
        "huber_1": huber(1.0),
        "huber_0.5": huber(0.5),
        "binary_cross_entropy": case(F.binary_cross_entropy, UNIT, UNIT),
        "binary_cross_entropy_logits": case(F.binary_cross_entropy_with_logits, WIDE, UNIT),
    },
    "binary_cross_entropy_clamped": clamped(),
})
