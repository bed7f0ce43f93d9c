# SPDX-License-Identifier: MIT
"""anomaly.json: Mahalanobis distances by scikit-learn, p-values and quantiles by numpy, and scores of samples by an autoencoder and
by a variational one, whose draws are the library's, made here again.

    pip install scikit-learn     besides what the other scripts need"""

from math import log, pi

import golden
import numpy as np
import sklearn
import torch
from sklearn.covariance import ShrunkCovariance
from sklearn.preprocessing import StandardScaler

INPUT, HIDDEN, LATENT, TRAIN, TEST = 7, 4, 2, 40, 9
STEP = 0x80000000  # where evaluations begin, whose draws scores have
DRAWS = 5


def mahalanobis(values, codes, shrinkage):
    """Codes 2u - 1 of stream 1, of which value 1 is added to half of value 0; tests 4u - 2 of stream 2."""
    z, test = golden.fill(1, 2, -1, values, codes).numpy(), golden.fill(2, 4, -2, values, TEST).numpy()
    if values > 1:
        z[:, 1] += 0.5 * z[:, 0]
    fitted = ShrunkCovariance(shrinkage=shrinkage).fit(z)
    return {"values": values, "codes": codes, "shrinkage": shrinkage, "distances": np.sqrt(fitted.mahalanobis(test)).tolist()}


def conformal(count, different):
    """Scores u of stream 1, or whole numbers below `different`; asked for are 3u - 1 of stream 2 and the first score."""
    scores = golden.uniform(1, count)
    if different:
        scores = np.floor(different * scores)
    asked = np.append((different or 1) * (3 * golden.uniform(2, TEST) - 1), scores[0])
    rates = [rate for rate in (0.02, 0.05, 0.1, 0.29, 0.5, 0.9) if 1 / (count + 1) <= rate]
    p = [(1 + (scores >= s).sum()) / (count + 1) for s in asked]
    return {
        "count": count,
        "different": different,
        "p_values": [float(value) for value in p],
        "quantiles": [float(np.quantile(scores, q)) for q in (0, 0.3, 0.5, 0.95, 1)],
        "rates": rates,
        # Of the samples asked for, those that are alarms: the p-value says so by itself.
        "alarms": [[bool(value <= rate) for value in p] for rate in rates],
    }


def blocks(*shapes):
    """Weights and biases of dense layers, (inputs, units) each."""
    made = []
    for inputs, units in shapes:
        made += [golden.weight(1000 + len(made), units, inputs), golden.bias(1001 + len(made), units)]
    return made


def data():
    """Features of scales 1, 2, … and offsets 0, -1, …: training u of stream 1, tests 2u - 0.5 of stream 2; both standardised."""
    scale, offset = np.arange(1, INPUT + 1), -np.arange(INPUT)
    train, test = golden.fill(1, 1, 0, INPUT, TRAIN).numpy(), golden.fill(2, 2, -0.5, INPUT, TEST).numpy()
    scaler = StandardScaler().fit(train * scale + offset)
    return [torch.from_numpy(scaler.transform(x * scale + offset)) for x in (train, test)]


def reconstruction():
    train, test = data()
    w1, b1, w2, b2 = blocks((INPUT, HIDDEN), (HIDDEN, INPUT))
    encode = lambda x: torch.tanh(x @ w1 + b1)
    errors = lambda x: (encode(x) @ w2 + b2 - x).square()
    codes = ShrunkCovariance(shrinkage=0.1).fit(encode(train).numpy())
    return {
        "calibration": golden.numbers(errors(train).mean(1)),
        "scores": golden.numbers(errors(test).mean(1)),
        "errors": golden.numbers(errors(test)),
        "code_distances": np.sqrt(codes.mahalanobis(encode(test).numpy())).tolist(),
    }


def normal(samples):
    """ε of the layer that draws the code, a sample a row (make_variational.py)."""
    words = [word.astype(np.uint32).astype(np.int32).astype(np.float64)
             for word in golden.philox([np.arange(LATENT)[None, :], np.arange(samples)[:, None], STEP, 3], 0)]
    radius = np.sqrt(-2 * np.log(np.maximum(np.abs(words[0]) * 2.0**-31, 2.0**-32)))
    return torch.from_numpy(radius * np.cos(2 * pi * words[1] * 2.0**-32))


def variational(variance=0.3):
    _, test = data()
    w1, b1, w2, b2, w3, b3, w4, b4 = blocks((INPUT, HIDDEN), (HIDDEN, 2 * LATENT), (LATENT, HIDDEN), (HIDDEN, INPUT))
    mean, log_variance = (torch.tanh(test @ w1 + b1) @ w2 + b2).chunk(2, 1)
    decode = lambda z: torch.tanh(z @ w3 + b3) @ w4 + b4
    nll = lambda y: ((y - test).square() / (2 * variance) + 0.5 * log(2 * pi * variance)).sum(1)
    divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1)
    log_weights = []
    for noise in normal(DRAWS):  # the same for every sample
        z = mean + (log_variance / 2).exp() * noise
        log_weights.append(-nll(decode(z)) - 0.5 * (z.square() - noise.square() - log_variance).sum(1))
    z = mean + (log_variance / 2).exp() * normal(1)[0]
    return {
        "variance": variance,
        "elbo": golden.numbers(nll(decode(z)) + divergence),
        "importance_weighted": golden.numbers(log(DRAWS) - torch.stack(log_weights).logsumexp(0)),
        "reconstruction": golden.numbers((decode(mean) - test).square().mean(1)),
    }


golden.write(
    "anomaly.json",
    {
        "made_by": f"PyTorch {torch.__version__.split('+')[0]}, scikit-learn {sklearn.__version__}",
        "mahalanobis": [mahalanobis(3, 50, 0.0), mahalanobis(1, 17, 0.0), mahalanobis(5, 23, 0.1), mahalanobis(6, 4, 0.2)],
        "conformal": [conformal(20, 0), conformal(99, 0), conformal(97, 7), conformal(1, 0)],
        "reconstruction": reconstruction(),
        "variational": variational(),
    },
)
