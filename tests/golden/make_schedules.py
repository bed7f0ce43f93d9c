# SPDX-License-Identifier: MIT
"""schedules.json: learning rates by PyTorch's schedulers, one a step, and by ReduceLROnPlateau of Keras and of PyTorch, one an epoch."""

import os

os.environ["KERAS_BACKEND"] = "torch"

import keras  # noqa: E402: the backend comes first
import torch  # noqa: E402
from torch.optim import lr_scheduler as torch_schedules  # noqa: E402

import golden  # noqa: E402

RATE, STEPS = 0.2, 61


def optimizer():
    return torch.optim.SGD([torch.zeros(1)], lr=RATE)


def rates(make, steps=STEPS):
    """The rate of each step under the scheduler that make(optimizer) gives."""
    stepper = optimizer()
    scheduler = make(stepper)
    found = []
    for step in range(steps):
        found.append(stepper.param_groups[0]["lr"])
        stepper.step()
        if step + 1 < steps:
            scheduler.step()
    return found


def warm_up(then, start_factor, steps):
    return lambda stepper: torch_schedules.SequentialLR(
        stepper, [torch_schedules.LinearLR(stepper, start_factor=start_factor, total_iters=steps), then(stepper)], [steps])


def exponential(stepper):
    return torch_schedules.ExponentialLR(stepper, 0.9)


def restarts(stepper):
    return torch_schedules.CosineAnnealingWarmRestarts(stepper, 7, 2, 0.01)


def one_cycle(**options):
    return lambda stepper: torch_schedules.OneCycleLR(stepper, RATE, **options)


LOSSES = [1.0, 0.9, 0.9, 0.89, 0.95, 0.95, 0.8, 0.795, 0.796, 0.795, 0.85, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7,
          0.699, 0.5, 0.5, 0.5, 0.49, 0.5, 0.5]


def keras_plateau(**options):
    """The rate after each epoch."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(RATE), "mse")
    callback = keras.callbacks.ReduceLROnPlateau(monitor="loss", **options)
    callback.set_model(model)
    callback.on_train_begin()
    found = []
    for epoch, loss in enumerate(LOSSES):
        callback.on_epoch_end(epoch, {"loss": loss})
        found.append(float(model.optimizer.learning_rate))
    return {**options, "rates": found}


def torch_plateau(patience, **options):
    """The same by PyTorch, whose patience counts the epochs that are let pass."""
    stepper = optimizer()
    scheduler = torch_schedules.ReduceLROnPlateau(stepper, patience=patience - 1, threshold_mode="abs", **options)
    found = []
    for loss in LOSSES:
        scheduler.step(loss)
        found.append(stepper.param_groups[0]["lr"])
    return {"factor": options["factor"], "patience": patience, "min_delta": options["threshold"], "cooldown": 0,
            "min_lr": options["min_lr"], "rates": found}


golden.write("schedules.json", {
    "learning_rate": RATE,
    "rates": {
        "step": rates(lambda stepper: torch_schedules.StepLR(stepper, 7, 0.5)),
        "exponential": rates(exponential),
        "cosine": rates(lambda stepper: torch_schedules.CosineAnnealingLR(stepper, STEPS - 1, 0.02)),
        "restarts": rates(restarts),
        "restarts_of_one_length": rates(lambda stepper: torch_schedules.CosineAnnealingWarmRestarts(stepper, 9)),
        "warm_up_exponential": rates(warm_up(exponential, 1 / 3, 5)),
        "warm_up_restarts": rates(warm_up(restarts, 0.1, 11)),
        "one_cycle": rates(one_cycle(total_steps=STEPS)),
        "one_cycle_with_options": rates(one_cycle(total_steps=STEPS, pct_start=0.45, div_factor=10, final_div_factor=100)),
    },
    "losses": LOSSES,
    "plateau": [
        keras_plateau(factor=0.5, patience=2, min_delta=0.0, cooldown=0, min_lr=0.0),
        keras_plateau(factor=0.5, patience=1, min_delta=0.02, cooldown=2, min_lr=0.0),
        keras_plateau(factor=0.2, patience=3, min_delta=0.02, cooldown=1, min_lr=0.004),
        torch_plateau(factor=0.5, patience=2, threshold=0.02, min_lr=0.0),
        torch_plateau(factor=0.1, patience=4, threshold=0.0, min_lr=0.001),
    ],
})
