# SPDX-License-Identifier: MIT
"""contractive.json: the squared norm of the code's Jacobian by autograd, inside whole networks, and every parameter's gradient."""

import torch
from torch.func import jacrev, vmap
from torch.nn import functional as F

import golden

ACTIVATIONS = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu, "elu": F.elu, "softplus": F.softplus,
               "leaky": lambda x: F.leaky_relu(x, 0.3), "none": lambda x: x}


def case(sizes, activations, batch, weight):
    """Mean squared error + weight · ‖∂h/∂x‖²: an encoder of dense layers, each with its activation behind, and one dense decoder."""
    encoder = list(zip(sizes, sizes[1:]))
    parameters = []
    for inputs, units in [*encoder, (sizes[-1], sizes[0])]:
        parameters += [golden.weight(1000 + len(parameters), units, inputs), golden.bias(1001 + len(parameters), units)]
    parameters = [block.requires_grad_() for block in parameters]

    def encode(x):
        for w, b, activation in zip(parameters[0:-2:2], parameters[1:-2:2], activations):
            x = ACTIVATIONS[activation](x @ w + b[0])
        return x

    x = golden.fill(1, 2, -1, sizes[0], batch)
    penalty = vmap(jacrev(encode))(x).square().sum() / batch
    output = encode(x) @ parameters[-2] + parameters[-1]
    (F.mse_loss(output, x) + weight * penalty).backward()
    return {"batch": batch, "weight": weight, "penalty": penalty.item(), "gradients": [golden.totals(p.grad) for p in parameters]}


SHALLOW = [([13, 7], "sigmoid", 7), ([13, 7], "tanh", 1), ([33, 17], "relu", 7), ([5, 300], "elu", 3), ([1, 1], "softplus", 2),
           ([16, 32], "leaky", 5), ([9, 3], "none", 7)]
DEEP = [([11, 8, 5], "tanh", 7), ([6, 9, 17, 2], "sigmoid", 1), ([50, 20, 12, 5], "tanh sigmoid softplus", 7),
        ([50, 20, 12, 5], "relu elu none", 3), ([5, 12, 20, 50], "softplus leaky tanh", 7), ([200, 33, 17], "relu sigmoid", 1)]


def spread(sizes, names):
    """One name for every layer, or the same for all."""
    names = names.split()
    return names if len(names) > 1 else names * (len(sizes) - 1)


golden.write("contractive.json", {"-".join(map(str, sizes)) + " " + names: case(sizes, spread(sizes, names), batch, 0.3)
                                  for sizes, names, batch in SHALLOW + DEEP})
