# SPDX-License-Identifier: MIT
"""layers.json: outputs and gradients of every activation and of Dense."""

import torch
from torch import nn

import golden

ACTIVATIONS = {
    "relu": (nn.ReLU(), {}),
    "leaky_relu_0.1": (nn.LeakyReLU(0.1), {"slope": 0.1}),
    "leaky_relu_0.3": (nn.LeakyReLU(0.3), {"slope": 0.3}),
    "elu_1": (nn.ELU(1.0), {"alpha": 1.0}),
    "elu_0.5": (nn.ELU(0.5), {"alpha": 0.5}),
    "sigmoid": (nn.Sigmoid(), {}),
    "tanh": (nn.Tanh(), {}),
    "softplus": (nn.Softplus(beta=1, threshold=1e9), {}),  # never PyTorch's shortcut y = x
    "softsign": (nn.Softsign(), {}),
    "silu": (nn.SiLU(), {}),
    "gelu": (nn.GELU(approximate="none"), {}),
    "softmax": (nn.Softmax(dim=-1), {}),
}


def activation(function, shape, batch):
    """Forward and backward. `shape` is (height, width, channels), or (features,); the last runs fastest, as in the library."""
    size = torch.Size(shape).numel()
    x = golden.fill(1, 12, -6, size, batch).requires_grad_()
    dy = golden.fill(2, 2, -1, size, batch)
    y = function(x.reshape(batch, *shape)).reshape(batch, size)
    y.backward(dy)
    return {"y": golden.numbers(y), "dx": golden.numbers(x.grad)}


def dense(inputs, units, batch, has_bias):
    x = golden.fill(1, 2, -1, inputs, batch).requires_grad_()
    dy = golden.fill(2, 2, -1, units, batch)
    w = golden.weight(1000, units, inputs).requires_grad_()
    b = golden.bias(1001, units).requires_grad_() if has_bias else None
    y = nn.functional.linear(x, w.T, b.flatten() if has_bias else None)
    y.backward(dy)
    result = {"inputs": inputs, "units": units, "batch": batch, "bias": has_bias, "y": golden.numbers(y),
              "dx": golden.numbers(x.grad), "dW": golden.numbers(w.grad)}
    return result | ({"db": golden.numbers(b.grad)} if has_bias else {})


golden.write("layers.json", {
    "activations": {name: {"features": 7, "batch": 5, **options, **activation(function, (7,), 5)}
                    for name, (function, options) in ACTIVATIONS.items()},
    "softmax_image": {"channels": 3, "height": 2, "width": 2, "batch": 3, **activation(nn.Softmax(dim=-1), (2, 2, 3), 3)},
    "dense": [dense(9, 5, batch, has_bias) for has_bias in (True, False) for batch in (3, 1)],
})
