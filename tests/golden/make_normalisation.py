# SPDX-License-Identifier: MIT
"""normalisation.json: outputs, gradients and running averages of BatchNorm and LayerNorm over odd shapes."""

import torch
from torch import nn

import golden

EPSILON, MOMENTUM = 1e-3, 0.9  # Keras's momentum: PyTorch's is 1 − m
SHAPES = [(1, 1, 1), (1, 1, 13), (1, 1, 33), (5, 3, 1), (28, 28, 1), (4, 7, 3), (9, 1, 2), (1, 8, 5), (3, 3, 16), (2, 5, 17), (3, 2, 32)]


def inputs(shape, batch):
    """x with a mean far from 0 and dy, both batch × height × width × channels; gamma and beta."""
    height, width, channels = shape
    x, dy = (golden.fill(stream, 4, -1, height * width * channels, batch).reshape(batch, *shape) for stream in (1, 2))
    gamma, beta = (golden.fill(stream, 2, -0.5, channels).flatten() for stream in (1000, 1001))
    return x.requires_grad_(), dy, gamma.requires_grad_(), beta.requires_grad_()


def run(function, x, dy, gamma, beta):
    y = function(x)
    y.backward(dy)
    return {"y": golden.totals(y), "dx": golden.totals(x.grad), "dgamma": golden.totals(gamma.grad), "dbeta": golden.totals(beta.grad)}


def batch_norm(shape, batch):
    x, dy, gamma, beta = inputs(shape, batch)
    channels = shape[2]
    mean, variance = golden.fill(5, 1, 0, channels).flatten(), golden.fill(6, 1, 0.5, channels).flatten()

    def normalise(x, training):
        return nn.functional.batch_norm(x.movedim(3, 1), mean, variance, gamma, beta, training, 0.0, EPSILON).movedim(1, 3)

    inference = golden.totals(normalise(x.detach(), False))
    if x.numel() == channels:  # PyTorch refuses a variance of one value: x̂ is 0
        return {"inference": inference}
    result = run(lambda x: normalise(x, True), x, dy, gamma, beta)
    values = x.detach().reshape(-1, channels)  # Keras's averages are of the biased variance
    return {"inference": inference, **result,
            "moving_mean": golden.totals(MOMENTUM * mean + (1 - MOMENTUM) * values.mean(0)),
            "moving_variance": golden.totals(MOMENTUM * variance + (1 - MOMENTUM) * values.var(0, correction=0))}


def layer_norm(shape, batch):
    x, dy, gamma, beta = inputs(shape, batch)
    return run(lambda x: nn.functional.layer_norm(x, shape[2:], gamma, beta, EPSILON), x, dy, gamma, beta)


def cases(layer):
    return [{"shape": list(shape), "batch": batch, **layer(shape, batch)} for shape in SHAPES for batch in (1, 7)]


golden.write("normalisation.json", {"epsilon": EPSILON, "momentum": MOMENTUM, "batch_norm": cases(batch_norm), "layer_norm": cases(layer_norm)})
