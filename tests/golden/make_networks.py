# SPDX-License-Identifier: MIT
"""networks.json: the examples' networks and two with tied weights on one batch, with loss, output, every gradient, and ten steps
of Adam."""

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
    "denoiser": {"layers": "conv 32, relu, pool, conv 32, relu, pool, conv 32, relu, up, conv 32, relu, up, conv 1, sigmoid",
                 "objective": "binary_cross_entropy", "batch": 3},
    "transposing": {"layers": "conv 16, relu, pool, conv 8, relu, pool, transposed 16, relu, transposed 1, sigmoid",
                    "objective": "binary_cross_entropy", "batch": 3},
    "unpooling": {"layers": "conv 16, relu, pool, conv 8, relu, pool, unpool, conv 16, relu, unpool, conv 1, sigmoid",
                  "objective": "binary_cross_entropy", "batch": 3},
    "tied_dense": {"sizes": [20, 12, 6], "tied": True, "objective": "mean_squared_error", "batch": 7},
    "tied_convolutional": {"layers": "conv 6, tanh, conv 5 of stride 2, tanh, conv 4 valid of dilation 2", "tied": True,
                           "objective": "binary_cross_entropy", "batch": 3},
}


def make_parameters(sizes):
    """Weight and bias of every layer of so many inputs and units; block k is drawn from stream 1000 + k."""
    blocks = []
    for inputs, units in sizes:
        blocks += [golden.weight(1000 + len(blocks), units, inputs), golden.bias(1001 + len(blocks), units)]
    return [block.requires_grad_() for block in blocks]


def dense(parameters, x, network):
    layers = list(zip(parameters[0::2], parameters[1::2]))
    for w, b in layers[:-1]:
        x = torch.relu(x @ w + b)
    w, b = layers[-1]
    return getattr(torch, network["output_activation"])(x @ w + b)


def convolutional(parameters, x, network):
    """On 28 × 28 pixels, with kernels of 3 × 3 and everything else of 2 × 2."""
    blocks, places = iter(parameters), []
    y = x.reshape(-1, 28, 28, 1).permute(0, 3, 1, 2)
    for layer in network["layers"].split(", "):
        kind = layer.split()[0]
        if kind in ("conv", "transposed"):
            w, b = next(blocks).reshape(3, 3, y.shape[1], -1), next(blocks).flatten()
            if kind == "conv":
                y = F.conv2d(y, w.permute(3, 2, 0, 1).contiguous(), b, padding=1)
            else:  # Keras's size, twice the image's: the last row and column are cut off
                y = F.conv_transpose2d(y, w.permute(2, 3, 0, 1).contiguous(), b, stride=2)[:, :, :-1, :-1]
        elif kind == "pool":
            y, indices = F.max_pool2d(y, 2, return_indices=True)
            places.append(indices)
        elif kind == "unpool":
            y = F.max_unpool2d(y, places.pop(), 2)
        elif kind == "up":
            y = F.interpolate(y, scale_factor=2, mode="nearest")
        else:
            y = getattr(torch, kind)(y)
    return y.permute(0, 2, 3, 1).reshape(x.shape)


def tied_dense(parameters, x, network):
    """Layers with tanh between them, and the same weights back again, transposed, behind biases of the decoder's own."""
    w1, b1, w2, b2, c2, c1 = parameters
    code = torch.tanh(x @ w1 + b1) @ w2 + b2
    return torch.sigmoid(torch.tanh(code @ w2.T + c2) @ w1.T + c1)


# Of each convolution: rows and columns of zeros on either side, as Keras pads, stride, dilation.
TIED_CONVOLUTIONS = [((1, 1), 1, 1), ((0, 1), 2, 1), ((0, 0), 1, 2)]


def tied_convolutional(parameters, x, network):
    """Convolutions with tanh between them, and their transposes with the same kernels back again."""
    weights, biases, back = parameters[0:6:2], parameters[1:6:2], parameters[6:]
    y, kernels, heights = x.reshape(-1, 28, 28, 1).permute(0, 3, 1, 2), [], []
    for k, ((before, after), stride, dilation) in enumerate(TIED_CONVOLUTIONS):
        kernels.append(weights[k].reshape(3, 3, y.shape[1], -1).permute(3, 2, 0, 1).contiguous())
        heights.append(y.shape[2])
        y = F.conv2d(F.pad(y, 2 * (before, after)), kernels[k], biases[k].flatten(), stride=stride, dilation=dilation)
        y = torch.tanh(y) if k < 2 else y
    for k, ((before, after), stride, dilation) in reversed(list(enumerate(TIED_CONVOLUTIONS))):
        y = F.conv_transpose2d(y, kernels[k], stride=stride, dilation=dilation)
        missing = before + heights[k] + after - y.shape[2]  # what no window reached, then off with the zeros
        y = F.pad(y, 2 * (-before, missing - after)) + back[2 - k].reshape(1, -1, 1, 1)
        y = torch.tanh(y) if k > 0 else torch.sigmoid(y)
    return y.permute(0, 2, 3, 1).reshape(x.shape)


def run(network):
    if network.get("tied"):
        forward = tied_dense if "sizes" in network else tied_convolutional
    else:
        forward = dense if "sizes" in network else convolutional
    if "sizes" in network:
        sizes = list(pairwise(network["sizes"]))
    else:
        filters = [int(words[1]) for words in map(str.split, network["layers"].split(", ")) if len(words) > 1]
        sizes = [(9 * channels, units) for channels, units in pairwise([1, *filters])]
    x = golden.fill(1, 1, 0, network.get("sizes", [784])[0], network["batch"])
    parameters = make_parameters(sizes)
    if network.get("tied"):
        units = [c for c, _ in sizes] if "sizes" in network else [c // 9 for c, _ in sizes]
        parameters += [golden.bias(1000 + len(parameters) + k, n).requires_grad_() for k, n in enumerate(reversed(units))]
    adam = torch.optim.Adam(parameters, lr=ADAM["learning_rate"], betas=(ADAM["beta1"], ADAM["beta2"]), eps=ADAM["epsilon"])

    losses = []
    for step in range(STEPS):
        adam.zero_grad()
        y = forward(parameters, x, network)
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
