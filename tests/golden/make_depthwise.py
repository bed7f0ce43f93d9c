# SPDX-License-Identifier: MIT
"""depthwise.json: outputs and gradients of DepthwiseConv2D over odd shapes, windows, strides, dilations and both paddings."""

from torch.nn import functional

import golden

CASES = [  # height, width, channels, kernel, stride, same, dilation, bias
    (1, 1, 1, (1, 1), (1, 1), True, (1, 1), True),
    (1, 1, 3, (3, 3), (1, 1), True, (1, 1), True),
    (5, 7, 1, (3, 3), (1, 1), True, (1, 1), True),
    (28, 28, 1, (3, 3), (1, 1), True, (1, 1), False),
    (28, 28, 1, (5, 5), (2, 2), True, (1, 1), True),
    (6, 9, 2, (2, 3), (1, 1), True, (1, 1), True),
    (7, 8, 3, (3, 3), (1, 1), False, (1, 1), True),
    (9, 9, 3, (3, 3), (2, 2), True, (1, 1), True),
    (9, 8, 5, (4, 3), (3, 2), False, (1, 1), True),
    (8, 7, 5, (3, 2), (1, 1), True, (2, 3), True),
    (7, 7, 16, (3, 3), (1, 1), True, (1, 1), True),
    (8, 6, 16, (3, 3), (2, 2), True, (1, 1), False),
    (6, 14, 17, (3, 3), (1, 1), True, (1, 1), True),
    (5, 6, 17, (2, 2), (3, 3), False, (1, 1), True),
    (1, 9, 32, (1, 5), (1, 1), True, (1, 2), True),
    (5, 9, 33, (3, 3), (2, 1), True, (1, 1), True),
    (4, 4, 3, (5, 5), (1, 1), True, (2, 2), True),
]


def before(size, taps, stride, dilation):
    """Keras's "same": zeros before the first pixel, and after the last."""
    total = max((-(-size // stride) - 1) * stride + (taps - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


def run(height, width, channels, kernel, stride, same, dilation, bias, batch):
    x = golden.fill(1, 2, -1, height * width * channels, batch).requires_grad_()
    w = golden.fill(1000, 2, -1, channels, kernel[0] * kernel[1]).requires_grad_()  # taps × channels
    b = golden.fill(1001, 2, -1, channels).flatten().requires_grad_() if bias else None
    image = x.reshape(batch, height, width, channels).movedim(3, 1)
    if same:
        image = functional.pad(image, before(width, kernel[1], stride[1], dilation[1]) + before(height, kernel[0], stride[0], dilation[0]))
    y = functional.conv2d(image, w.T.reshape(channels, 1, *kernel), b, stride, 0, dilation, channels).movedim(1, 3)
    y.backward(golden.fill(2, 2, -1, y[0].numel(), batch).reshape(y.shape))
    result = {"y": golden.totals(y), "dx": golden.totals(x.grad), "dW": golden.totals(w.grad)}
    return result | ({"db": golden.totals(b.grad)} if bias else {})


golden.write("depthwise.json", {"cases": [
    {"shape": list(case[:3]), "kernel": list(case[3]), "stride": list(case[4]), "same": case[5], "dilation": list(case[6]), "bias": case[7],
     "batch": batch, **run(*case, batch)}
    for case in CASES for batch in (1, 7)]})
