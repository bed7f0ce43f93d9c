# SPDX-License-Identifier: MIT
"""optimizers.json: thirteen parameters after 1, 2 and 12 steps of every optimizer, under gradients drawn from the formula."""

from torch import optim

import golden

SIZE, LEARNING_RATE, RECORDED = 13, 0.01, [1, 2, 12]


def run(optimizer, zero_gradient_at=0, **options):
    """Steps count from 1, so a zero gradient at step 0 never happens."""
    theta = golden.fill(1, 2, -1, SIZE).requires_grad_()
    stepper = optimizer([theta], lr=LEARNING_RATE, **options)
    recorded = []
    for step in range(1, RECORDED[-1] + 1):
        gradient = golden.fill(100 + step, 2, -1, SIZE)
        theta.grad = gradient * (step != zero_gradient_at)
        stepper.step()
        if step in RECORDED:
            recorded.append(golden.numbers(theta))
    return {**options, "zero_gradient_at": zero_gradient_at, "theta": recorded}


golden.write("optimizers.json", {
    "size": SIZE,
    "learning_rate": LEARNING_RATE,
    "steps": RECORDED,
    "optimizers": {
        "adam": run(optim.Adam),
        "adam_zero_gradient": run(optim.Adam, zero_gradient_at=5),
        "adamw": run(optim.AdamW, weight_decay=0.01),
        "sgd": run(optim.SGD),
        "sgd_momentum": run(optim.SGD, momentum=0.9),
        "sgd_nesterov": run(optim.SGD, momentum=0.9, nesterov=True),
    },
})
