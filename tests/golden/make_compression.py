# SPDX-License-Identifier: MIT
"""compression.json: bits of codes under a logistic distribution, by differences of sigmoids, with their gradients."""

import torch

import golden

CHANNELS, PIXELS, BATCH, WEIGHT = 5, 6, 7, 0.3


def case(scale, offset):
    y = golden.fill(1, scale, offset, CHANNELS * PIXELS, BATCH).requires_grad_()  # a sample a row
    r = golden.fill(1000, 3, -1.5, CHANNELS, 1).reshape(CHANNELS).requires_grad_()
    s = 1 / 32 + r.exp()
    z = y.reshape(BATCH, PIXELS, CHANNELS)
    p = torch.sigmoid((z + 0.5) / s) - torch.sigmoid((z - 0.5) / s)
    bits = -p.log2().sum() / BATCH
    (WEIGHT * bits).backward()
    return {"scale": scale, "offset": offset, "bits": bits.item(), "dy": y.grad.flatten().tolist(), "dr": r.grad.tolist()}


golden.write("compression.json", {"channels": CHANNELS, "pixels": PIXELS, "batch": BATCH, "weight": WEIGHT,
                                  "cases": [case(2, -1), case(4, -2), case(1, 0)]})
