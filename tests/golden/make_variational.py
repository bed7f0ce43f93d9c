# SPDX-License-Identifier: MIT
"""variational.json: a small variational autoencoder under each objective, with the library's own noise drawn here again by a
second hand: the terms and every gradient."""

from math import log, pi

import numpy as np
import torch
from torch.nn import functional as F

import golden

INPUT, HIDDEN, LATENT, CLASSES, BATCH, SEED, STEP, WEIGHT = 20, 12, 3, 4, 7, 5, 2, 0.7


def normal(layer, samples, values):
    """ε of a layer, a sample a row: of two words a radius and an angle, of these two draws (Box and Muller, 1958)."""
    assert values <= 16
    words = [word.astype(np.uint32).astype(np.int32).astype(np.float64)
             for word in golden.philox([np.arange(values)[None, :], np.arange(samples)[:, None], STEP, layer], SEED)]
    radius = np.sqrt(-2 * np.log(np.maximum(np.abs(words[0]) * 2.0**-31, 2.0**-32)))
    return torch.from_numpy(radius * np.cos(2 * pi * words[1] * 2.0**-32))


def bernoulli(logits, x):
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)


def gaussian(y, x, variance=0.3):
    return ((y - x).square() / (2 * variance) + 0.5 * log(2 * pi * variance)).sum(1)


def calibrated(y, x):
    return 0.5 * INPUT * (((y - x).square().mean() * 2 * pi).log() + 1).expand(len(x))


def laplace(y, x, scale=0.4):
    return ((y - x).abs() / scale + log(2 * scale)).sum(1)


def kl(mean, log_variance):
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)


def free_bits(mean, log_variance):
    return kl(mean, log_variance).mean(0).clamp(min=0.02).sum()


def capacity(mean, log_variance):
    return (kl(mean, log_variance).sum(1).mean() - 4.0 * STEP / 5).abs()


def exact(mean, log_variance):
    return kl(mean, log_variance).sum(1).mean()


def run(likelihood, divergence, factor=1.0, draws=1, condition=0):
    x = golden.fill(1, 1, 0, INPUT, BATCH)
    classes = F.one_hot(torch.arange(BATCH) % CLASSES, CLASSES)[:, :condition].double()
    shapes = [(INPUT, HIDDEN), (HIDDEN + condition, 2 * LATENT), (LATENT + condition, HIDDEN), (HIDDEN, INPUT)]
    blocks = []
    for inputs, units in shapes:
        blocks += [golden.weight(1000 + len(blocks), units, inputs), golden.bias(1001 + len(blocks), units)]
    w1, b1, w2, b2, w3, b3, w4, b4 = blocks = [block.requires_grad_() for block in blocks]

    x, classes = x.repeat_interleave(draws, 0), classes.repeat_interleave(draws, 0)
    hidden = torch.tanh(x @ w1 + b1)
    mean, log_variance = (torch.cat([hidden, classes], 1) @ w2 + b2).chunk(2, 1)
    sampler = 5 if condition else 3  # its place in the network
    noise = normal(sampler, BATCH * draws, LATENT)
    z = mean + (log_variance / 2).exp() * noise
    y = torch.tanh(torch.cat([z, classes], 1) @ w3 + b3) @ w4 + b4
    reconstruction = likelihood(y, x)
    if divergence is None:
        log_weight = -reconstruction - 0.5 * (z.square() - noise.square() - log_variance).sum(1)
        bound = -(log_weight.reshape(BATCH, draws).logsumexp(1) - log(draws)).mean()
        terms, loss = [bound], bound
    else:
        terms = [reconstruction.mean(), divergence(mean, log_variance)]
        loss = terms[0] + WEIGHT * factor * terms[1]
    loss.backward()
    return {"terms": [term.item() for term in terms], "gradients": [golden.totals(block.grad) for block in blocks]}


golden.write("variational.json", {
    "input": INPUT, "hidden": HIDDEN, "latent": LATENT, "classes": CLASSES, "batch": BATCH, "seed": SEED, "step": STEP, "weight": WEIGHT,
    "cases": {
        "bernoulli": run(bernoulli, exact),
        "gaussian": run(gaussian, exact),
        "calibrated": run(calibrated, exact),
        "laplace": run(laplace, exact),
        "annealed": run(bernoulli, exact, factor=STEP / 5),
        "free_bits": run(bernoulli, free_bits),
        "capacity": run(bernoulli, capacity),
        "importance_weighted": run(bernoulli, None, draws=5),
        "importance_weighted_gaussian": run(gaussian, None, draws=3),
        "conditional": run(bernoulli, exact, condition=CLASSES),
    }})
