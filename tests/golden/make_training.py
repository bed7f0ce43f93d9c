# SPDX-License-Identifier: MIT
"""training.json: a small autoencoder, 6 → 4 → tanh → 6, trained on one batch for some steps with clipped gradients, with parts
frozen or at a factor of the learning rate, with weighted samples and elements of the targets, and with an exponential moving average
of the weights."""

import torch
from torch import optim
from torch.nn import utils
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

import golden

FEATURES, CODE, BATCH, STEPS, LEARNING_RATE = 6, 4, 9, 5, 0.05
OPTIMIZERS = {
    "sgd": lambda groups: optim.SGD(groups, lr=LEARNING_RATE, momentum=0.9),
    "adam": lambda groups: optim.Adam(groups, lr=LEARNING_RATE),
    "adamw": lambda groups: optim.AdamW(groups, lr=LEARNING_RATE, weight_decay=0.1),
}


def shrink(parameters, bound):
    """As in Keras and in the paper. PyTorch's own clip_grad_norm_ divides by the norm plus 1e-6."""
    norm = torch.sqrt(sum((p.grad**2).sum() for p in parameters))
    for p in parameters:
        p.grad *= min(1.0, float(bound / norm))


CLIPS = {
    "none": lambda parameters: None,
    "value": lambda parameters: utils.clip_grad_value_(parameters, 0.02),
    "norm": lambda parameters: [shrink([p], 0.1) for p in parameters],
    "global_norm": lambda parameters: shrink(parameters, 0.2),
    "global_norm_of_pytorch": lambda parameters: utils.clip_grad_norm_(parameters, 0.2),
}


def run(optimizer, clip="none", factors=(1, 1, 1, 1), weights=None, element_weights=None, ema_decay=None):
    """`factors` are of encoder.0.weight, encoder.0.bias, decoder.0.weight and decoder.0.bias. With an ema_decay, what the average of the
    weights is after each step."""
    parameters = [golden.weight(1000, CODE, FEATURES), golden.bias(1001, CODE), golden.weight(1002, FEATURES, CODE),
                  golden.bias(1003, FEATURES)]
    trained = []
    groups = []
    for parameter, factor in zip(parameters, factors):
        parameter.requires_grad_(factor > 0)
        if factor > 0:
            trained.append(parameter)
            # Biases do not decay here.
            decay = {"weight_decay": 0.0} if optimizer == "adamw" and parameter.shape[0] == 1 else {}
            groups.append({"params": [parameter], "lr": LEARNING_RATE * factor, **decay})
    stepper = OPTIMIZERS[optimizer](groups)
    x, target = golden.fill(1, 2, -1, FEATURES, BATCH), golden.fill(2, 2, -1, FEATURES, BATCH)
    losses, norms, averages = [], [], []
    average = None if ema_decay is None else AveragedModel(torch.nn.ParameterList(parameters), multi_avg_fn=get_ema_multi_avg_fn(ema_decay))
    for _ in range(STEPS):
        stepper.zero_grad()
        y = torch.tanh(x @ parameters[0] + parameters[1]) @ parameters[2] + parameters[3]
        squares = (y - target) ** 2
        each = (squares if element_weights is None else squares * element_weights).mean(dim=1)
        loss = (each if weights is None else each * weights).mean()
        loss.backward()
        losses.append(loss.item())
        norms.append(float(torch.sqrt(sum((p.grad**2).sum() for p in trained))))
        CLIPS[clip](trained)
        stepper.step()
        if average is not None:
            average.update_parameters(torch.nn.ParameterList(parameters))
            averages.append([n for p in average.parameters() for n in golden.numbers(p)])
    found = {"losses": losses, "norms": norms, "theta": [n for p in parameters for n in golden.numbers(p)]}
    return found if average is None else {**found, "averages": averages}


WEIGHTS = golden.fill(3, 2, 0, BATCH).flatten()
ELEMENT_WEIGHTS = golden.fill(4, 2, -0.5, FEATURES, BATCH).clamp(min=0)  # a quarter of them 0
DECAY = 0.9

golden.write("training.json", {
    "batch": BATCH,
    "learning_rate": LEARNING_RATE,
    "steps": STEPS,
    "clip": {"value": 0.02, "norm": 0.1, "global_norm": 0.2},
    "clipped": {clip: {optimizer: run(optimizer, clip) for optimizer in OPTIMIZERS} for clip in CLIPS},
    "factors": [0.25, 0.25, 0, 1],
    "by_part": {optimizer: run(optimizer, factors=(0.25, 0.25, 0, 1)) for optimizer in OPTIMIZERS},
    "frozen_encoder": {optimizer: run(optimizer, factors=(0, 0, 1, 1)) for optimizer in OPTIMIZERS},
    "weights": golden.numbers(WEIGHTS),
    "weighted": run("sgd", weights=WEIGHTS),
    "element_weighted": run("sgd", element_weights=ELEMENT_WEIGHTS),
    "both_weighted": run("adam", weights=WEIGHTS, element_weights=ELEMENT_WEIGHTS),
    "feature_weighted": run("sgd", element_weights=ELEMENT_WEIGHTS[:1]),
    "decay": DECAY,
    "averaged": {optimizer: run(optimizer, ema_decay=DECAY)["averages"] for optimizer in OPTIMIZERS},
    "averaged_with_a_frozen_part": run("adam", factors=(1, 1, 0, 0.25), ema_decay=DECAY)["averages"],
})
