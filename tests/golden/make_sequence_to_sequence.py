# SPDX-License-Identifier: MIT
"""sequence_to_sequence.json: decoders that begin with a code as their state and are fed targets, their own outputs, both, or the
code; by themselves, and behind an encoder whose last state is the code."""

import numpy as np
import torch

import golden
from make_recurrent import BATCH, CELLS, INPUTS, LENGTHS, STEPS, UNITS, Blocks, mean_squared_error, run, steps_of

SEED, STEP, POSITION = 5, 2, 1  # of the draws: the decoder is the network's second layer
RATIOS = {"always": 1.0, "half": 0.5, "never": 0.0}


def forced(ratio):
    """Whether a sample is given the target at a step, by the library's draws made here again by a second hand."""
    elements = UNITS + np.arange(STEPS)
    high, low, _, _ = golden.philox([elements[None, :], np.arange(BATCH)[:, None], STEP, POSITION], SEED)
    return (((high << np.uint64(32)) | low) >> np.uint64(11)) * 2.0**-53 < ratio


class Decoder:
    def __init__(self, blocks, position, cell, feed):
        self.cell, self.feed = cell, feed
        self.state_size = (2 if cell == "lstm" else 1) * UNITS
        self.layer = blocks.recurrent([position], cell, self.state_size if feed == "code" else INPUTS, UNITS)
        self.output = blocks.linear(position, UNITS, INPUTS, "output_")

    def __call__(self, codes, targets, direction, lengths, ratio):
        """Sample by sample and step by step, in the order in which the steps are made."""
        given, sequences = forced(ratio), []
        for sample, (code, target) in enumerate(zip(codes, targets)):
            n = lengths[sample] if lengths else STEPS
            order = range(STEPS) if direction == "forward" else range(n - 1, -1, -1)
            state = tuple(part[None] for part in code.split(UNITS)) if self.cell == "lstm" else code[None]
            outputs, x = [torch.zeros(INPUTS)] * STEPS, torch.zeros(INPUTS)
            for place, following in zip(order, [*order[1:], None]):
                h, state = self.layer(code[None] if self.feed == "code" else x[None], state)
                outputs[place] = self.output(h)[0]
                if following is not None:
                    number = following if direction == "forward" else STEPS - 1 - following
                    x = target[place] if given[sample, number] else outputs[place]
            sequences.append(torch.stack(outputs))
        return torch.stack(sequences)


def feeds():
    return [*((feed, ratio) for feed, ratio in RATIOS.items()), ("code", 0.0)]


def alone(cell, feed, ratio, direction):
    blocks = Blocks()
    decoder = Decoder(blocks, "layer.0", cell, feed)
    code = golden.fill(1, 2, -1, decoder.state_size, BATCH).requires_grad_()
    targets = golden.fill(3, 2, -1, STEPS * INPUTS, BATCH).reshape(BATCH, STEPS, INPUTS)
    y = decoder(code, targets, direction, None, ratio)
    y.backward(golden.fill(2, 2, -1, STEPS * INPUTS, BATCH).reshape(y.shape))
    return {"cell": cell, "feed": feed, "direction": direction, "y": golden.totals(y), "dx": golden.totals(code.grad),
            "dtheta": golden.totals(blocks.flat(lambda parameter: parameter.grad))}


def autoencoder(cell, feed, ratio, direction, lengths):
    """`output` is what the decoder makes of its own outputs, or of the code, without targets."""
    blocks = Blocks()
    encoder = blocks.recurrent(["encoder.0"], cell, INPUTS, UNITS)
    decoder = Decoder(blocks, "decoder.0", cell, feed)
    x = golden.fill(1, 2, -1, STEPS * INPUTS, BATCH).reshape(BATCH, STEPS, INPUTS)
    _, h, c = run(encoder, x, lengths)
    code = torch.cat([h, c], dim=1) if cell == "lstm" else h
    free = decoder(code, x, direction, lengths, 0.0)
    loss = mean_squared_error(decoder(code, x, direction, lengths, ratio), x, lengths)
    loss.backward()
    return {"cell": cell, "feed": feed, "direction": direction, "lengths": lengths or [], "code": golden.totals(code),
            "output": golden.totals(free if lengths is None else free * steps_of(lengths, STEPS)), "loss": loss.item(),
            "gradients": blocks.gradients()}


golden.write("sequence_to_sequence.json", {
    "seed": SEED, "step": STEP, "ratios": {**RATIOS, "code": 0.0},
    "decoders": [alone(cell, *feed, direction) for cell in CELLS for direction in ("forward", "backward") for feed in feeds()],
    "autoencoders": [autoencoder(cell, *feed, direction, lengths) for cell, feed, direction in
                     (("lstm", ("half", 0.5), "forward"), ("lstm", ("half", 0.5), "backward"), ("gru", ("always", 1.0), "forward"),
                      ("gru", ("code", 0.0), "backward")) for lengths in (None, LENGTHS)],
})
