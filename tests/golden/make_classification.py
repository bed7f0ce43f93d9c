# SPDX-License-Identifier: MIT
"""classification.json: value and gradient of the losses over channels, of distributions and of class numbers as targets."""

import torch
from torch.nn import functional as F

import golden


def places_of(tensor, channels):
    """The library's F × B matrix, channels innermost, as PyTorch has it: batch × channels × places."""
    return tensor.reshape(len(tensor), -1, channels).permute(0, 2, 1)


def results(loss, z, places):
    """Summed over places, then the mean over the batch; with Reduction::mean, both are divided by the places."""
    z = z.detach().requires_grad_()
    value = loss(z) / len(z)
    value.backward()
    return {"sum": value.item(), "mean": value.item() / places, "gradient_of_sum": golden.numbers(z.grad)}


def distributions(channels, places, batch, probabilities=False):
    """Targets are counts: t = max(4u − 1, 0), whose sums differ from place to place."""
    size = channels * places
    z = golden.fill(1, 8, -4, size, batch)
    t = golden.fill(2, 4, -1, size, batch).clamp(min=0)
    of_t = places_of(t, channels)
    if probabilities:
        y = golden.fill(1, 1.2, -0.1, size, batch)  # some below and some above what Keras clamps to
        loss = lambda y: -(of_t * places_of(y, channels).clamp(1e-7, 1 - 1e-7).log()).sum()
        return {"channels": channels, "places": places, "batch": batch, **results(loss, y, places)}
    loss = lambda z: F.cross_entropy(places_of(z, channels), of_t, reduction="sum")
    return {"channels": channels, "places": places, "batch": batch, **results(loss, z, places)}


def class_numbers(channels, places, batch, weighted=False, probabilities=False):
    """Classes from −1, unknown, to channels − 1. `weighted`: by class, and by the weight of every place."""
    z = golden.fill(1, 1.2, -0.1, channels * places, batch) if probabilities else golden.fill(1, 8, -4, channels * places, batch)
    k = (golden.fill(2, channels + 1, -1, places, batch)).floor().long()
    by_class = 0.25 + 2 * golden.fill(3, 1, 0, channels).flatten() if weighted else None
    by_place = golden.fill(4, 2, -0.5, places, batch).clamp(min=0) if weighted else torch.ones(batch, places)

    def loss(z):
        of_z = places_of(z, channels)
        if probabilities:
            losses = F.nll_loss(of_z.clamp(1e-7, 1 - 1e-7).log(), k, weight=by_class, ignore_index=-1, reduction="none")
        else:
            losses = F.cross_entropy(of_z, k, weight=by_class, ignore_index=-1, reduction="none")
        return (losses * by_place).sum()

    return {"channels": channels, "places": places, "batch": batch, "weighted": weighted, **results(loss, z, places)}


golden.write("classification.json", {
    "categorical_logits": distributions(5, 7, 3),
    "categorical_logits_of_one_place": distributions(13, 1, 4),
    "categorical_logits_of_many_channels": distributions(71, 2, 3),
    "categorical_clamped": distributions(5, 7, 3, probabilities=True),
    "sparse_logits": class_numbers(6, 11, 3),
    "sparse_logits_weighted": class_numbers(6, 11, 3, weighted=True),
    "sparse_logits_of_many_channels": class_numbers(71, 2, 3, weighted=True),
    "sparse_clamped": class_numbers(6, 11, 3, weighted=True, probabilities=True),
})
