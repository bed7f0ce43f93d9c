# SPDX-License-Identifier: MIT
"""penalties.json: a small network under each penalty, with the terms of the objective and every gradient."""

from itertools import pairwise

import torch
from torch.nn import functional as F

import golden

SIZES, BATCH, WEIGHT, TARGET, K = [20, 12, 6, 20], 7, 0.3, 0.2, 2


def top(code):
    return torch.zeros_like(code).scatter(1, *reversed(code.topk(K)))


def kl(mean):
    target = torch.full_like(mean, TARGET)
    return (target * (target / mean).log() + (1 - target) * ((1 - target) / (1 - mean)).log()).sum()


# The code's activation, and the penalty as a function of hidden layer, code and weights.
CASES = {
    "l1_activity": (torch.tanh, lambda hidden, code, weights: code.abs().sum() / BATCH),
    "l1_activity_on_layer_1": (torch.tanh, lambda hidden, code, weights: hidden.abs().sum() / BATCH),
    "l2_activity": (torch.tanh, lambda hidden, code, weights: code.square().sum() / BATCH),
    "kl_sigmoid": (torch.sigmoid, lambda hidden, code, weights: kl(code.mean(0))),
    "kl_tanh": (torch.tanh, lambda hidden, code, weights: kl((code.mean(0) + 1) / 2)),
    "l1_weights": (torch.tanh, lambda hidden, code, weights: sum(w.abs().sum() for w in weights)),
    "l2_weights": (torch.tanh, lambda hidden, code, weights: sum(w.square().sum() for w in weights)),
    "k_sparse": (top, lambda hidden, code, weights: torch.zeros(())),
}


def run(activation, penalty):
    x = golden.fill(1, 1, 0, SIZES[0], BATCH)
    blocks = []
    for inputs, units in pairwise(SIZES):
        blocks += [golden.weight(1000 + len(blocks), units, inputs), golden.bias(1001 + len(blocks), units)]
    w1, b1, w2, b2, w3, b3 = blocks = [block.requires_grad_() for block in blocks]
    hidden = torch.tanh(x @ w1 + b1)
    code = activation(hidden @ w2 + b2)
    loss, term = F.mse_loss(code @ w3 + b3, x), penalty(hidden, code, [w1, w2, w3])
    (loss + WEIGHT * term).backward()
    return {"loss": loss.item(), "penalty": term.item(), "gradients": [golden.totals(block.grad) for block in blocks]}


golden.write("penalties.json", {"sizes": SIZES, "batch": BATCH, "weight": WEIGHT, "target": TARGET, "k": K,
                                "cases": {name: run(*case) for name, case in CASES.items()}})
