# SPDX-License-Identifier: MIT
"""Writes recommendation.json: networks on sparse ratings as PyTorch computes them on dense columns with a mask, rankings by
scikit-learn, and the baselines by numpy.

    python3 make_recommendation.py
"""

import numpy as np
import torch
from sklearn.metrics import ndcg_score
from torch import nn

import golden

ITEMS, UNITS, ENTRIES, BATCH = 11, 5, 6, 7
LENGTHS = [6, 2, 1, 4, 6, 3, 5]
USERS, RATED = 14, 9
ADAM, ADAM_STEPS = {"learning_rate": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}, 5


def draw(stream, count, most):
    """Different numbers below `most`, in an order of their own."""
    return np.argsort(golden.uniform(stream, most), kind="stable")[:count].tolist()


def autorec():
    """y = V sigmoid(W x + b) + c on dense columns of zeros and observed values; the squared errors of what is observed are summed."""
    encoder, decoder = nn.Linear(ITEMS, UNITS), nn.Linear(UNITS, ITEMS)
    with torch.no_grad():
        encoder.weight.copy_(golden.fill(11, 2, -1, UNITS, ITEMS).T)
        encoder.bias.copy_(golden.fill(12, 2, -1, UNITS)[0])
        decoder.weight.copy_(golden.fill(13, 2, -1, UNITS, ITEMS))  # of ObservedDense, Units × Items
        decoder.bias.copy_(golden.fill(14, 2, -1, ITEMS)[0])
    indices = [draw(20 + j, n, ITEMS) for j, n in enumerate(LENGTHS)]
    values = golden.fill(15, 4, 1, ENTRIES, BATCH)
    x, mask = torch.zeros(BATCH, ITEMS), torch.zeros(BATCH, ITEMS)
    for j, observed in enumerate(indices):
        x[j, observed] = values[j, : len(observed)]
        mask[j, observed] = 1
    blocks = [encoder.weight, encoder.bias, decoder.weight, decoder.bias]

    def flat(tensors):
        """In the library's order: W of Units × Items and V of Units × Items, both by columns."""
        return torch.cat([tensors[0].T.flatten(), tensors[1], tensors[2].flatten(), tensors[3]])

    adam = torch.optim.Adam(blocks, lr=ADAM["learning_rate"], betas=(ADAM["beta1"], ADAM["beta2"]), eps=ADAM["epsilon"])
    losses = []
    for step in range(ADAM_STEPS):
        adam.zero_grad()
        y = decoder(torch.sigmoid(encoder(x)))
        loss = (mask * (y - x) ** 2).sum() / BATCH
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            observed = torch.zeros(BATCH, ENTRIES)
            for j, numbers in enumerate(indices):
                observed[j, : len(numbers)] = y[j, numbers]
            first = {"observed": golden.numbers(observed), "all": golden.numbers(y),
                     "gradient": golden.numbers(flat([block.grad for block in blocks]))}
        adam.step()
    return {"lengths": LENGTHS, "indices": [index for numbers in indices for index in numbers], **first, "adam": {**ADAM, "losses": losses, "theta": golden.numbers(flat(blocks))}}


def ranking():
    """Scores without ties; what a user has seen is no candidate."""
    cases = []
    for user, (relevant, seen) in enumerate([(3, 4), (1, 0), (8, 2), (5, 6)]):
        scores = golden.uniform(40 + user, 20)
        order = draw(50 + user, relevant + seen, 20)
        relevant, seen = sorted(order[:relevant]), sorted(order[relevant:])
        candidates = [i for i in range(20) if i not in seen]
        truth = np.array([[1.0 if i in relevant else 0.0 for i in candidates]])
        case = {"relevant": relevant, "seen": seen, "ndcg": [], "recall": []}
        ranked = sorted(candidates, key=lambda i: -scores[i])
        case["ranked"] = ranked[:10]
        for k in (1, 3, 5, 10):
            case["ndcg"].append(float(ndcg_score(truth, scores[candidates][None], k=k)))
            case["recall"].append(len(set(ranked[:k]) & set(relevant)) / min(k, len(relevant)))
        cases.append(case)
    return {"items": 20, "k": [1, 3, 5, 10], "cases": cases}


def baselines():
    """Biases by the normal equations of the ridge regression, the truncated decomposition and EASE's inverse by numpy."""
    users = [u for u in range(USERS) for _ in range(RATED)]
    items = [i for u in range(USERS) for i in draw(70 + u, RATED, ITEMS)]
    values = np.floor(1 + 5 * golden.uniform(60, len(users)))
    mean = values.mean()
    of_user, of_item = 3.0, 2.0
    X = np.zeros((len(users), USERS + ITEMS))
    X[np.arange(len(users)), users] = 1
    X[np.arange(len(users)), USERS + np.array(items)] = 1
    ridge = np.diag([of_user] * USERS + [of_item] * ITEMS)
    biases = np.linalg.solve(X.T @ X + ridge, X.T @ (values - mean))
    residuals = np.zeros((USERS, ITEMS))
    residuals[users, items] = values - mean - X @ biases
    u, s, vt = np.linalg.svd(residuals, full_matrices=False)
    low_rank = (u[:, :3] * s[:3]) @ vt[:3]
    clicks = np.zeros((USERS, ITEMS))
    clicks[users, items] = values >= 4
    inverse = np.linalg.inv(clicks.T @ clicks + 5.0 * np.eye(ITEMS))
    ease = -inverse / np.diag(inverse)
    np.fill_diagonal(ease, 0)
    return {"users": users, "items": items, "values": values.tolist(), "mean": mean, "user_penalty": of_user, "item_penalty": of_item,
            "user_bias": biases[:USERS].tolist(), "item_bias": biases[USERS:].tolist(), "rank": 3, "low_rank": low_rank.flatten("F").tolist(),
            "ease_penalty": 5.0, "ease_scores": (clicks @ ease).T.flatten("F").tolist()}


if __name__ == "__main__":
    golden.write("recommendation.json", {"autorec": autorec(), "ranking": ranking(), "baselines": baselines()})
