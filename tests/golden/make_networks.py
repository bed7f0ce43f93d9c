# SPDX-License-Identifier: MIT
"""networks.json: the examples' networks on one batch, with loss, output, every gradient, and ten steps of Adam."""

from itertools import pairwise

import torch
from torch.nn import functional as F

import golden

STEPS = 10
ADAM = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
LOSSES = {"binary_cross_entropy": F.binary_cross_entropy, "mean_squared_error": F.mse_loss}

NETWORKS = {
    "simple": {"sizes": [784, 32, 784], "output_activation": "sigmoid", "objective": "binary_cross_entropy", "batch": 7},
    "vanilla": {"sizes": [784, 64, 784], "output_activation": "sigmoid", "objective": "mean_squared_error", "batch": 7},
    "deep": {"sizes": [784, 512, 256, 128, 64, 128, 256, 512, 784], "output_activation": "sigmoid",
             "objective": "mean_squared_error", "batch": 5},
    "symmetric": {"sizes": [64, 32, 32, 16, 32, 32, 64], "output_activation": "relu",
                  "objective": "mean_squared_error", "batch": 7},
}


def make_parameters(sizes):
    """Weight and bias of every layer; block k is drawn from stream 1000 + k."""
    blocks = []
    for inputs, units in pairwise(sizes):
        blocks += [golden.weight(1000 + len(blocks), units, inputs), golden.bias(1001 + len(blocks), units)]
    return [block.requires_grad_() for block in blocks]


def forward(parameters, x, output_activation):
    layers = list(zip(parameters[0::2], parameters[1::2]))
    for w, b in layers[:-1]:
        x = torch.relu(x @ w + b)
    w, b = layers[-1]
    return getattr(torch, output_activation)(x @ w + b)


def run(network):
    x = golden.fill(1, 1, 0, network["sizes"][0], network["batch"])
    parameters = make_parameters(network["sizes"])
    adam = torch.optim.Adam(parameters, lr=ADAM["learning_rate"], betas=(ADAM["beta1"], ADAM["beta2"]), eps=ADAM["epsilon"])

    losses = []
    for step in range(STEPS):
        adam.zero_grad()
        y = forward(parameters, x, network["output_activation"])
        loss = LOSSES[network["objective"]](y, x)
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            output = golden.digest(y, count=40 if y.numel() > 1000 else y.numel())
            gradients = [golden.digest(block.grad) for block in parameters]
        adam.step()

    return {**network, "loss": losses[0], "output": output, "gradients": gradients,
            "adam": {**ADAM, "losses": losses, "parameters": [golden.totals(block) for block in parameters]}}


golden.write("networks.json", {"networks": {name: run(network) for name, network in NETWORKS.items()}})
