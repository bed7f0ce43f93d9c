# SPDX-License-Identifier: MIT
"""branches.json: a residual block with a projection and batch normalisation, and a small U-Net, on one batch: output, loss, every
gradient, and three steps of Adam."""

import torch
from torch.nn import functional as F

import golden

BATCH, STEPS = 5, 3
ADAM = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}


def conv(y, w, b=None):
    """A convolution of stride 1 with zeros around. w: (taps · channels) × filters, b: 1 × filters or none."""
    size = 3 if w.shape[0] == 9 * y.shape[1] else 1
    kernel = w.reshape(size, size, y.shape[1], -1).permute(3, 2, 0, 1).contiguous()
    return F.conv2d(y, kernel, None if b is None else b.flatten(), padding=size // 2)


def residual(blocks, x):
    block = iter(blocks)

    def take():
        return next(block), next(block)

    x = torch.relu(conv(x, *take()))
    projected = conv(x, *take())
    y = conv(x, next(block))  # a bias would go with the mean
    scale, shift = take()
    y = F.batch_norm(y, None, None, scale.flatten(), shift.flatten(), training=True, eps=1e-3)
    y = conv(torch.relu(y), *take())
    return conv(torch.relu(y + projected), *take())


def unet(blocks, x):
    block = iter(blocks)

    def relu_conv(y):
        return torch.relu(conv(y, next(block), next(block)))

    def up(y):
        return F.interpolate(y, scale_factor=2, mode="nearest")

    outer = relu_conv(x)
    inner = relu_conv(F.max_pool2d(outer, 2))
    deepest = relu_conv(F.max_pool2d(inner, 2))
    y = relu_conv(torch.cat([up(deepest), inner], 1))
    y = relu_conv(torch.cat([up(y), outer], 1))
    return torch.sigmoid(conv(y, next(block), next(block)))


# Rows of the input's channels, height and width; blocks as inputs × units, or a vector's length; the function; the loss.
NETWORKS = {
    "residual": ((2, 6, 5), [(18, 4), 4, (4, 6), 6, (36, 6), 6, 6, (54, 6), 6, (54, 2), 2], residual, F.mse_loss),
    "unet": ((1, 8, 8), [(9, 4), 4, (36, 6), 6, (54, 8), 8, (126, 6), 6, (90, 4), 4, (36, 1), 1], unet, F.binary_cross_entropy),
}


def run(shape, sizes, forward, loss):
    channels, height, width = shape
    blocks = []
    for k, size in enumerate(sizes):
        made = golden.bias(1000 + k, size) if isinstance(size, int) else golden.weight(1000 + k, size[1], size[0])
        blocks.append(made.requires_grad_())
    x = golden.fill(1, 1, 0, channels * height * width, BATCH)

    def output():
        y = forward(blocks, x.reshape(BATCH, height, width, channels).permute(0, 3, 1, 2))
        return y.permute(0, 2, 3, 1).reshape(BATCH, -1)

    adam = torch.optim.Adam(blocks, lr=ADAM["learning_rate"], betas=(ADAM["beta1"], ADAM["beta2"]), eps=ADAM["epsilon"])
    losses, first = [], None
    for _ in range(STEPS):
        adam.zero_grad()
        y = output()
        value = loss(y, x)
        value.backward()
        losses.append(value.item())
        if first is None:
            first = {"output": golden.digest(y), "gradients": [golden.digest(block.grad) for block in blocks]}
        adam.step()
    return {**first, "losses": losses, "parameters": [golden.totals(block) for block in blocks]}


golden.write("branches.json", {"adam": ADAM, "batch": BATCH, "networks": {name: run(*parts) for name, parts in NETWORKS.items()}})
