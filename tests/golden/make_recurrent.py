# SPDX-License-Identifier: MIT
"""recurrent.json: LSTM, GRU and RNN by themselves, and networks of them, with samples of one length and of several."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import golden

CELLS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
BATCH, STEPS, INPUTS, UNITS, CODE = 3, 5, 4, 3, 2
LENGTHS = [5, 2, 4]
ADAM_STEPS = 5
ADAM = {"learning_rate": 1e-2, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}


def in_order(tensor):
    """A block as the library has it, column by column."""
    return tensor.T.flatten() if tensor.dim() == 2 else tensor


class Blocks:
    """Parameters under the library's names, drawn from streams 1000, 1001, … in the order in which the modules are added."""

    def __init__(self):
        self.all = []

    @torch.no_grad()
    def fill(self, name, parameter):
        stream = 1000 + len(self.all)
        if parameter.dim() == 2:
            parameter.copy_(golden.weight(stream, *parameter.shape).T)
        else:
            parameter.copy_(golden.bias(stream, len(parameter)).flatten())
        self.all.append((name, parameter))

    def linear(self, position, inputs, units, prefix=""):
        module = nn.Linear(inputs, units)
        for name, parameter in module.named_parameters():
            self.fill(f"{position}.{prefix}{name}", parameter)
        return module

    def recurrent(self, positions, cell, inputs, units, bidirectional=False):
        """One module for several layers, as PyTorch stacks them."""
        module = CELLS[cell](inputs, units, num_layers=len(positions), bidirectional=bidirectional, batch_first=True)
        for name, parameter in module.named_parameters():
            layer = int(name.split("_l")[-1].split("_")[0])
            self.fill(f"{positions[layer]}.{name.replace(f'_l{layer}', '')}", parameter)
        return module

    def parameters(self):
        return [parameter for _, parameter in self.all]

    def flat(self, of=lambda parameter: parameter):
        """All blocks as one vector, in the library's order."""
        return torch.cat([in_order(of(parameter)) for parameter in self.parameters()])

    def gradients(self):
        return [{"block": name, **golden.totals(in_order(parameter.grad))} for name, parameter in self.all]


def steps_of(lengths, steps):
    """1 at the steps that a sample has, as batch × steps × 1."""
    return (torch.arange(steps) < torch.tensor(lengths)[:, None])[:, :, None].to(torch.float64)


def reverse(x, lengths):
    """The steps that a sample has in reverse order; those after them stay."""
    if lengths is None:
        return x.flip(1)
    return torch.stack([torch.cat([sample[:n].flip(0), sample[n:]]) for sample, n in zip(x, lengths)])


def run(module, x, lengths=None, backward=False):
    """All steps of the last layer, 0 after those that a sample has, and its last h and c, both directions side by side."""
    x = reverse(x, lengths) if backward else x
    if lengths is None:
        y, state = module(x)
    else:
        y, state = module(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))
        y, _ = pad_packed_sequence(y, batch_first=True, total_length=x.shape[1])
    y = reverse(y, lengths) if backward else y
    directions = 2 if module.bidirectional else 1
    h, c = (torch.cat(list(part[-directions:]), dim=1) for part in (state if isinstance(state, tuple) else (state, state)))
    return y, h, c


def layer(cell, returns, direction="forward", lengths=None, batch=BATCH, steps=STEPS, inputs=INPUTS, units=UNITS):
    blocks = Blocks()
    module = blocks.recurrent(["layer.0"], cell, inputs, units, direction == "bidirectional")
    x = golden.fill(1, 2, -1, inputs * steps, batch).reshape(batch, steps, inputs).requires_grad_()
    sequence, h, c = run(module, x, lengths, direction == "backward")
    y = {"sequence": sequence.flatten(1), "last": h, "state": torch.cat([h, c], dim=1)}[returns]
    y.backward(golden.fill(2, 2, -1, y.shape[1], batch))
    return {"cell": cell, "returns": returns, "direction": direction, "steps": steps, "inputs": inputs, "units": units, "batch": batch,
            "lengths": lengths or [], "y": golden.totals(y), "dx": golden.totals(x.grad), "dtheta": golden.totals(blocks.flat(lambda parameter: parameter.grad))}


def layers():
    variants = [("sequence", "forward"), ("last", "forward"), ("sequence", "backward"), ("last", "backward"),
                ("sequence", "bidirectional"), ("last", "bidirectional")]
    cases = []
    for cell in CELLS:
        for lengths in (None, LENGTHS):
            cases += [layer(cell, returns, direction, lengths) for returns, direction in variants]
            if cell == "lstm":
                cases += [layer(cell, "state", direction, lengths) for direction in ("forward", "backward")]
        # Wider than a register of any machine, and a remainder.
        cases.append(layer(cell, "sequence", batch=11, steps=7, inputs=9, units=17))
        cases.append(layer(cell, "sequence", "bidirectional", [7, 1, 3, 3, 7, 2, 6, 5, 4, 7, 1], batch=11, steps=7, inputs=9, units=17))
    return cases


def truncated(module, x, every):
    """The state passes no gradient on at every so many steps."""
    state, outputs = None, []
    for t in range(x.shape[1]):
        if state is not None and t % every == 0:
            state = tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()
        y, state = module(x[:, t : t + 1], state)
        outputs.append(y)
    return torch.cat(outputs, dim=1)


def mean_squared_error(y, target, lengths):
    """Of each sample over the values that it has, then over the samples."""
    squares = (y - target) ** 2
    if lengths is None:
        return squares.mean()
    channels = y.shape[2]
    return sum(sample[:n].sum() / (n * channels) for sample, n in zip(squares, lengths)) / len(lengths)


def network(build, inputs, lengths=None, autoencoder=False):
    """`build(blocks)` gives y(x, lengths). The target of an autoencoder is its input. With it five steps of Adam."""
    blocks = Blocks()
    forward = build(blocks)
    x = golden.fill(1, 2, -1, inputs, BATCH)
    if inputs == STEPS * INPUTS:
        x = x.reshape(BATCH, STEPS, INPUTS)
    y = forward(x, lengths)
    target = x if autoencoder else golden.fill(2, 2, -1, y[0].numel(), BATCH).reshape(y.shape)
    adam = torch.optim.Adam(blocks.parameters(), lr=ADAM["learning_rate"], betas=(ADAM["beta1"], ADAM["beta2"]), eps=ADAM["epsilon"])

    def loss_of(y):
        return mean_squared_error(y, target, lengths) if y.dim() == 3 else nn.functional.mse_loss(y, target)

    losses = []
    for step in range(ADAM_STEPS if autoencoder else 1):
        adam.zero_grad()
        y = forward(x, lengths)
        loss = loss_of(y)
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            shown = y if lengths is None or y.dim() == 2 else y * steps_of(lengths, STEPS)
            result = {"lengths": lengths or [], "output": golden.totals(shown), "loss": losses[0], "gradients": blocks.gradients()}
        adam.step()
    if autoencoder:
        result["adam"] = {**ADAM, "losses": losses, "theta": golden.totals(blocks.flat())}
    return result


def stacked(cell, bidirectional=False, last=False, backward=False):
    """A dense layer a step in front, whose gradients say what gradient the first of two recurrent layers gives its input."""
    def build(blocks):
        dense = blocks.linear("layer.0", INPUTS, INPUTS)
        module = blocks.recurrent(["layer.1", "layer.2"], cell, INPUTS, UNITS, bidirectional)

        def forward(x, lengths):
            y, h, _ = run(module, dense(x), lengths, backward)
            return h if last else y

        return forward
    return build


def truncating(cell, every):
    def build(blocks):
        dense = blocks.linear("layer.0", INPUTS, INPUTS)
        module = blocks.recurrent(["layer.1"], cell, INPUTS, UNITS)
        return lambda x, _: truncated(module, dense(x), every)
    return build


def repeated(cell, bidirectional=False):
    def build(blocks):
        dense = blocks.linear("layer.0", INPUTS, CODE)
        module = blocks.recurrent(["layer.2"], cell, CODE, UNITS, bidirectional)
        return lambda x, _: module(dense(x)[:, None].expand(-1, STEPS, -1))[0]
    return build


def autoencoder(cell):
    """The last state is the code; the decoder sees it at every step, and a dense layer makes each step of the output. What the
    decoder makes of steps that a sample has not does not count."""
    def build(blocks):
        encoder = blocks.recurrent(["encoder.0"], cell, INPUTS, UNITS)
        decoder = blocks.recurrent(["decoder.1"], cell, UNITS, UNITS + 1)
        dense = blocks.linear("decoder.2", UNITS + 1, INPUTS)

        def forward(x, lengths):
            _, code, _ = run(encoder, x, lengths)
            return dense(decoder(code[:, None].expand(-1, STEPS, -1))[0])

        return forward
    return build


def networks():
    sequence = STEPS * INPUTS
    found = {}
    for name, lengths in (("", None), ("_with_lengths", LENGTHS)):
        found[f"stacked_lstm{name}"] = network(stacked("lstm"), sequence, lengths)
        for cell in ("lstm", "gru"):
            found[f"autoencoder_{cell}{name}"] = network(autoencoder(cell), sequence, lengths, autoencoder=True)
    found["stacked_bidirectional_gru_with_lengths"] = network(stacked("gru", bidirectional=True, last=True), sequence, LENGTHS)
    found["stacked_backward_rnn_with_lengths"] = network(stacked("rnn", backward=True), sequence, LENGTHS)
    for cell in ("lstm", "gru"):
        found[f"truncated_{cell}"] = network(truncating(cell, 2), sequence)
    for cell in ("gru", "rnn"):
        found[f"repeated_{cell}"] = network(repeated(cell), INPUTS)
    found["repeated_bidirectional_lstm"] = network(repeated("lstm", bidirectional=True), INPUTS)
    return found


if __name__ == "__main__":
    golden.write("recurrent.json", {"layers": layers(), "networks": networks()})
