# SPDX-License-Identifier: MIT
"""sequence_to_sequence.json: an encoder whose last state begins a decoder, which is fed targets, its own outputs, or both."""

import torch
from torch import nn

import golden
from make_recurrent import BATCH, INPUTS, LENGTHS, STEPS, UNITS, Blocks, mean_squared_error, run, steps_of

# Whether the input of step t is the target of step t − 1 (or its own output of step t − 1). That of step 0 is 0 in any case.
FORCED = {"forced": [1, 1, 1, 1, 1], "mixed": [1, 0, 1, 1, 0], "free": [0, 0, 0, 0, 0]}


def decode(decoder, dense, state, target, forced, through):
    """Step by step. `through`: gradients pass from an input to the output that it was."""
    outputs, x = [], torch.zeros(BATCH, 1, INPUTS)
    for t in range(STEPS):
        if t > 0:
            own = outputs[-1] if through else outputs[-1].detach()
            x = target[:, t - 1 : t] if forced[t] else own
        y, state = decoder(x, state)
        outputs.append(dense(y))
    return torch.cat(outputs, dim=1)


def case(cell, forced, through=True, lengths=None):
    blocks = Blocks()
    encoder = blocks.recurrent(["encoder.0"], cell, INPUTS, UNITS)
    decoder = blocks.recurrent(["decoder.0"], cell, INPUTS, UNITS)
    dense = blocks.linear("decoder.1", UNITS, INPUTS)
    x = golden.fill(1, 2, -1, STEPS * INPUTS, BATCH).reshape(BATCH, STEPS, INPUTS)
    _, h, c = run(encoder, x, lengths)
    h.retain_grad(), c.retain_grad()
    state = (h[None], c[None]) if cell == "lstm" else h[None]
    y = decode(decoder, dense, state, x, FORCED[forced], through)
    loss = mean_squared_error(y, x, lengths)
    loss.backward()
    code = torch.cat([h, c], dim=1) if cell == "lstm" else h
    dcode = torch.cat([h.grad, c.grad], dim=1) if cell == "lstm" else h.grad
    shown = y if lengths is None else y * steps_of(lengths, STEPS)
    return {"cell": cell, "inputs": forced, "through": through, "lengths": lengths or [], "code": golden.totals(code),
            "output": golden.totals(shown), "loss": loss.item(), "dcode": golden.totals(dcode), "gradients": blocks.gradients()}


if __name__ == "__main__":
    golden.write("sequence_to_sequence.json", {
        "forced": FORCED,
        "cases": [case(cell, forced, through, lengths) for cell in ("lstm", "gru") for lengths in (None, LENGTHS) for forced in FORCED
                  for through in ((True,) if forced == "forced" else (True, False))],
    })
