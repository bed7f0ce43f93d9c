# SPDX-License-Identifier: MIT
"""convolutions.json: digests of output and gradients of convolutions and transposed convolutions, by the name of the case.

The first cases were picked to cover pairs: of two parameters with few values each, nearly every value of the one meets nearly
every value of the other. The last ones are what networks are made of. Padding is Keras's, whose odd pixel goes behind, and so
done by hand here: every output equals that of Keras 3.15.
"""

from torch.nn import functional as F

import golden

# height, width, channels, filters, kernel, stride, padding, dilation, bias, batch
CONVOLUTIONS = [
    (4, 28, 3, 17, (5, 4), (3, 3), "same", (1, 1), False, 7),
    (28, 8, 32, 3, (2, 1), (3, 2), "valid", (2, 2), True, 1),
    (5, 4, 33, 2, (3, 2), (2, 1), "same", (1, 1), True, 1),
    (7, 9, 17, 32, (1, 2), (1, 1), "valid", (2, 2), False, 7),
    (9, 6, 16, 5, (4, 3), (2, 2), "same", (1, 2), False, 7),
    (3, 7, 1, 16, (2, 5), (2, 3), "valid", (1, 1), True, 7),
    (2, 1, 17, 33, (1, 1), (1, 3), "same", (1, 1), True, 1),
    (6, 5, 2, 32, (3, 4), (1, 2), "valid", (1, 1), True, 1),
    (8, 2, 5, 1, (4, 3), (1, 3), "same", (1, 1), True, 1),
    (1, 9, 5, 33, (5, 5), (3, 1), "same", (2, 2), False, 1),
    (8, 5, 2, 2, (2, 1), (2, 3), "same", (2, 1), False, 7),
    (2, 3, 32, 3, (3, 3), (3, 1), "same", (1, 1), False, 7),
    (1, 28, 33, 1, (1, 5), (2, 2), "valid", (1, 2), False, 7),
    (9, 2, 16, 5, (5, 1), (3, 1), "valid", (1, 1), True, 1),
    (6, 8, 1, 16, (3, 2), (3, 1), "same", (2, 2), False, 7),
    (7, 28, 3, 17, (4, 5), (1, 1), "valid", (1, 1), True, 1),
    (4, 3, 1, 16, (1, 3), (1, 2), "valid", (1, 1), True, 1),
    (5, 7, 5, 17, (5, 3), (1, 2), "same", (2, 2), False, 7),
    (28, 1, 5, 5, (3, 4), (2, 3), "same", (1, 1), False, 7),
    (3, 4, 33, 33, (2, 1), (3, 2), "valid", (2, 2), False, 7),
    (3, 6, 5, 32, (2, 2), (1, 3), "same", (2, 1), True, 1),
    (8, 6, 33, 2, (1, 4), (3, 1), "valid", (1, 1), False, 1),
    (5, 9, 16, 3, (2, 4), (2, 3), "valid", (1, 1), True, 1),
    (4, 2, 3, 1, (3, 2), (2, 2), "same", (2, 2), False, 1),
    (3, 1, 2, 1, (5, 2), (3, 1), "same", (2, 2), False, 1),
    (7, 3, 17, 1, (5, 4), (2, 2), "same", (2, 2), True, 1),
    (9, 28, 1, 32, (3, 3), (1, 1), "same", (1, 1), True, 7),
    (8, 7, 32, 32, (3, 3), (1, 1), "same", (1, 1), True, 7),
    (28, 5, 33, 1, (3, 3), (1, 1), "same", (1, 1), True, 1),
    (6, 7, 17, 16, (3, 3), (1, 1), "valid", (1, 1), False, 7),
    (5, 4, 16, 33, (3, 3), (2, 2), "same", (1, 1), True, 7),
    (7, 8, 2, 3, (5, 5), (1, 1), "same", (1, 1), False, 1),
    (6, 9, 3, 5, (1, 1), (1, 1), "same", (1, 1), True, 7),
]
TRANSPOSED = [
    (7, 6, 32, 16, (2, 2), (2, 2), "same", (1, 1), False, 7),
    (9, 3, 33, 3, (5, 1), (1, 1), "valid", (1, 1), True, 1),
    (8, 5, 1, 2, (1, 4), (3, 3), "valid", (1, 1), True, 7),
    (28, 4, 3, 1, (4, 3), (1, 3), "same", (1, 1), False, 1),
    (1, 28, 2, 32, (3, 5), (2, 2), "valid", (1, 1), True, 1),
    (6, 2, 16, 5, (3, 5), (3, 1), "same", (1, 1), False, 1),
    (2, 9, 5, 17, (4, 3), (2, 1), "valid", (1, 1), False, 7),
    (5, 7, 17, 33, (2, 4), (1, 3), "same", (1, 1), True, 1),
    (3, 1, 17, 5, (1, 1), (2, 2), "same", (1, 1), False, 7),
    (4, 8, 16, 1, (1, 2), (1, 2), "valid", (1, 1), True, 1),
    (5, 3, 33, 32, (4, 4), (3, 2), "same", (1, 1), False, 7),
    (2, 8, 2, 33, (5, 1), (3, 1), "same", (1, 1), False, 7),
    (4, 5, 1, 3, (3, 5), (2, 3), "same", (1, 1), False, 7),
    (3, 1, 3, 17, (5, 2), (3, 3), "valid", (1, 1), True, 1),
    (9, 28, 5, 2, (3, 2), (1, 1), "same", (1, 1), False, 7),
    (7, 2, 32, 32, (5, 3), (1, 3), "valid", (1, 1), True, 7),
    (28, 6, 5, 5, (5, 4), (3, 3), "valid", (1, 1), True, 7),
    (1, 4, 1, 16, (2, 1), (3, 1), "valid", (1, 1), True, 7),
    (7, 5, 8, 32, (4, 4), (2, 2), "same", (1, 1), True, 7),
    (6, 7, 32, 1, (3, 3), (2, 2), "same", (1, 1), True, 1),
    (5, 8, 16, 17, (3, 3), (1, 1), "same", (1, 1), True, 7),
]


def pad_same(x, kernel, stride, dilation):
    """Zeros around x, so that ⌈extent / stride⌉ windows fit."""
    amounts = []
    for pixels, taps, step, spread in zip(x.shape[2:], kernel, stride, dilation):
        total = max((-(-pixels // step) - 1) * step + (taps - 1) * spread + 1 - pixels, 0)
        amounts = [total // 2, total - total // 2, *amounts]  # the last axis comes first
    return F.pad(x, amounts)


def convolution(x, w, kernel, stride, padding, dilation):
    padded = pad_same(x, kernel, stride, dilation) if padding == "same" else x
    return F.conv2d(padded.contiguous(), w.permute(3, 2, 0, 1).contiguous(), stride=stride, dilation=dilation)


def transposed_convolution(x, w, kernel, stride, padding, dilation):
    assert dilation == (1, 1)
    y = F.conv_transpose2d(x.contiguous(), w.permute(2, 3, 0, 1).contiguous(), stride=stride)
    amounts = []
    for pixels, found, taps, step in zip(x.shape[2:], y.shape[2:], kernel, stride):
        before = max(taps - step, 0) // 2 if padding == "same" else 0
        wanted = pixels * step if padding == "same" else (pixels - 1) * step + max(taps, step)
        amounts = [-before, wanted + before - found, *amounts]
    return F.pad(y, amounts)


def name(height, width, channels, filters, kernel, stride, padding, dilation, has_bias, batch):
    return (f"{height}x{width}x{channels} to {filters}, kernel {kernel[0]}x{kernel[1]}, stride {stride[0]}x{stride[1]}, {padding}, "
            f"dilation {dilation[0]}x{dilation[1]}, {'bias' if has_bias else 'no bias'}, batch {batch}")


def run(layer, height, width, channels, filters, kernel, stride, padding, dilation, has_bias, batch):
    taps = kernel[0] * kernel[1]
    x = golden.fill(1, 2, -1, height * width * channels, batch).requires_grad_()
    w = golden.weight(1000, filters, channels * taps).requires_grad_()
    b = golden.bias(1001, filters).requires_grad_()
    image = x.reshape(batch, height, width, channels).permute(0, 3, 1, 2)
    y = layer(image, w.reshape(*kernel, channels, filters), kernel, stride, padding, dilation).permute(0, 2, 3, 1)
    y = (y + b if has_bias else y).reshape(batch, -1)
    y.backward(golden.fill(2, 2, -1, y.shape[1], batch))
    results = {"y": y, "dx": x.grad, "dW": w.grad} | ({"db": b.grad} if has_bias else {})
    return {key: golden.digest(value, count=8) for key, value in results.items()}


if __name__ == "__main__":
    golden.write("convolutions.json", {
        kind: {name(*case): run(layer, *case) for case in cases}
        for kind, layer, cases in (("Conv2D", convolution, CONVOLUTIONS), ("ConvTranspose2D", transposed_convolution, TRANSPOSED))
    })
