# SPDX-License-Identifier: MIT
"""compact_weights.json: a matrix, 2u - 1 of stream 1, as PyTorch quantises it: int8 per row, symmetric, and bfloat16."""

import torch

import golden

ROWS, COLUMNS = 19, 23

w = golden.fill(1, 2, -1, ROWS, COLUMNS).float()  # columns × rows
scales = w.abs().amax(dim=0) / 127
values = torch.fake_quantize_per_channel_affine(w, scales, torch.zeros(ROWS, dtype=torch.int32), axis=1, quant_min=-127, quant_max=127)
golden.write(
    "compact_weights.json",
    {
        "rows": ROWS,
        "columns": COLUMNS,
        "scales": golden.numbers(scales),
        "int8": golden.numbers((values / scales).round().int()),
        "bfloat16": golden.numbers(w.bfloat16().double()),
    },
)
