# SPDX-License-Identifier: MIT
"""latent_penalties.json: networks under the maximum mean discrepancy, and with a vector quantiser, in PyTorch."""

import numpy as np
import torch
from torch.nn import functional as F

import golden

SEED, STEP = 1, 1


def philox(counter, key):
    """Philox4x32-10 of the words `counter`, each an array (Salmon et al., 2011)."""
    low = np.uint64(0xFFFFFFFF)
    a, b, c, d = (np.asarray(word, dtype=np.uint64) & low for word in np.broadcast_arrays(*counter))
    key_0, key_1 = np.uint64(key & 0xFFFFFFFF), np.uint64(key >> 32)
    for _ in range(10):
        first, second = np.uint64(0xD2511F53) * a, np.uint64(0xCD9E8D57) * c
        a, b, c, d = (second >> np.uint64(32)) ^ b ^ key_0, second & low, (first >> np.uint64(32)) ^ d ^ key_1, first & low
        key_0, key_1 = (key_0 + np.uint64(0x9E3779B9)) & low, (key_1 + np.uint64(0xBB67AE85)) & low
    return a, b, c, d


def normals(layer, samples, count):
    """samples × count draws of step STEP, as kernels/draw.hpp makes them: 64 of 16 counters."""
    groups = (count + 63) // 64
    words = philox((np.arange(16 * groups), np.arange(samples)[:, None], STEP, layer), SEED)
    whole = np.stack([word.astype(np.uint32).astype(np.int32).astype(float).reshape(samples, groups, 16) for word in words])
    out = np.empty((samples, groups, 4, 16))
    for pair in (0, 2):
        radius = np.sqrt(-2 * np.log(np.maximum(np.abs(whole[pair]) * 2.0**-31, 2.0**-32)))
        angle = 2 * np.pi * whole[pair + 1] * 2.0**-32
        out[:, :, pair], out[:, :, pair + 1] = radius * np.cos(angle), radius * np.sin(angle)
    return torch.from_numpy(out.reshape(samples, -1)[:, :count].copy())


def below(bound, step, layer, element):
    """A whole number below `bound`, of sample 0, as core/random.hpp draws it."""
    high, low, _, _ = (int(word) for word in philox((element, 0, step, layer), SEED))
    return int((high << 32 | low) >> 11) * 2.0**-53 * bound // 1


def discrepancy(q, p, deviation, similarity):
    """Tolstikhin et al.'s mmd_penalty, with squared distances from differences."""
    batch, latent = q.shape

    def total(a, b, same):
        d = (a[:, None] - b[None]).square().sum(2)
        keep = 1 - torch.eye(batch) if same else 1
        scales = [2 * latent * deviation**2 * s for s in (0.1, 0.2, 0.5, 1, 2, 5, 10)]
        alike = {"inverse_multiquadratic": lambda c: c / (c + d), "gaussian": lambda c: torch.exp(-d / c)}[similarity]
        return sum((keep * alike(c)).sum() for c in scales)

    return (total(q, q, True) + total(p, p, True)) / (batch * (batch - 1)) - 2 * total(q, p, False) / batch**2


def dense(sizes):
    blocks = []
    for inputs, units in zip(sizes, sizes[1:]):
        blocks += [golden.weight(1000 + len(blocks), units, inputs), golden.bias(1001 + len(blocks), units)]
    return [block.requires_grad_() for block in blocks]


def wasserstein(batch, latent, deviation, similarity, weight=0.7):
    x = golden.fill(1, 1, 0, 20, batch)
    w1, b1, w2, b2, w3, b3 = blocks = dense([20, 12, latent, 20])
    code = torch.tanh(x @ w1 + b1) @ w2 + b2
    prior = deviation * normals(0x80000001, batch, latent)  # the second term's
    loss, term = F.mse_loss(code @ w3 + b3, x), discrepancy(code, prior, deviation, similarity)
    (loss + weight * term).backward()
    return {"batch": batch, "latent": latent, "deviation": deviation, "similarity": similarity, "weight": weight,
            "loss": loss.item(), "penalty": term.item(), "gradients": [golden.totals(block.grad) for block in blocks]}


PIXELS, CHANNELS, DEPTH, ENTRIES, BATCH = 12, 2, 5, 9, 23
DECAY, BETA, RATE, LAYER = 0.9, 0.25, 0.1, 2


def quantiser(steps, fresh, restart):
    """1×1 convolutions around a codebook, which starts empty if `fresh`. Its layer is the third."""
    w1, b1, w2, b2 = blocks = dense([CHANNELS, DEPTH, CHANNELS])
    codebook = torch.zeros(ENTRIES, DEPTH) if fresh else golden.fill(50, 2, -1, DEPTH, ENTRIES)
    counts = torch.zeros(ENTRIES) if fresh else golden.fill(51, 20, 5, ENTRIES)[0]
    sums = codebook * counts[:, None]
    history, restarted = [], 0
    for step in range(1, steps + 1):
        images = golden.fill(step, 1, 0, PIXELS * CHANNELS, BATCH)
        x = torch.tanh(images.reshape(-1, CHANNELS) @ w1 + b1)
        nearest = torch.cdist(x.detach(), codebook, compute_mode="donot_use_mm_for_euclid_dist").argmin(1)
        chosen = codebook[nearest]
        y = x + (chosen - x).detach()
        loss = F.mse_loss((y @ w2 + b2).reshape(BATCH, -1), images)
        commitment = F.mse_loss(x, chosen)
        for block in blocks:
            block.grad = None
        (loss + BETA * commitment).backward()
        history.append({"loss": loss.item(), "commitment": commitment.item(),
                        "gradients": [golden.totals(block.grad) for block in blocks]})
        with torch.no_grad():
            for block in blocks:
                block -= RATE * block.grad
            one_hot = F.one_hot(nearest, ENTRIES).to(x.dtype)
            counts = DECAY * counts + (1 - DECAY) * one_hot.sum(0)
            sums = DECAY * sums + (1 - DECAY) * one_hot.T @ x
            total = counts.sum()
            codebook = sums / ((counts + 1e-5) / (total + ENTRIES * 1e-5) * total)[:, None]
            least = restart * len(x) / ENTRIES
            for k in range(ENTRIES):
                if counts[k] <= least:
                    codebook[k], counts[k] = x[int(below(len(x), step, LAYER, k))], least
                    sums[k] = least * codebook[k]
                    restarted += 1
    return {"steps": steps, "fresh": fresh, "restart": restart, "restarted": restarted, "history": history,
            "codebook": golden.numbers(codebook), "counts": golden.numbers(counts), "sums": golden.numbers(sums),
            "parameters": [golden.totals(block) for block in blocks]}


golden.write("latent_penalties.json", {
    "wasserstein": [wasserstein(*case) for case in [(7, 3, 1, "inverse_multiquadratic"), (7, 3, 2, "gaussian"),
                                                    (130, 17, 0.5, "inverse_multiquadratic"), (130, 17, 1, "gaussian"),
                                                    (65, 66, 1, "inverse_multiquadratic"), (2, 1, 1, "gaussian")]],
    "batch": BATCH, "entries": ENTRIES, "decay": DECAY, "beta": BETA, "rate": RATE,
    "quantiser": {"one_step": quantiser(1, False, 1e-9), "several_steps": quantiser(5, False, 1e-9),
                  "from_nothing": quantiser(4, True, 0.2)}})
