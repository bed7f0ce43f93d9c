# SPDX-License-Identifier: MIT
"""latent.json: Gaussian mixtures by scikit-learn, normal quantiles by mpmath, and the largest empty circles of maps by scipy.

    pip install scikit-learn mpmath     besides what the other scripts need"""

import warnings

import golden
import mpmath
import numpy as np
import scipy.spatial
import sklearn
from sklearn.mixture import GaussianMixture

FLOOR = 1e-6
# dimensions, codes, components, steps, how far the clusters are apart
MIXTURES = {"line": (1, 90, 2, 9, 1.5), "plane": (2, 250, 5, 12, 2.0), "space": (3, 200, 4, 7, 2.5), "many": (16, 700, 3, 5, 1.0)}
MAPS = {"few": 7, "some": 40, "many": 160}


def totals(rows):
    """Of a matrix with a sample a row."""
    return golden.totals(golden.torch.from_numpy(np.ascontiguousarray(rows)))


def codes(d, count, components, apart):
    """Code j is of cluster j mod K: 2u - 1, mixed, around a centre of the cluster's."""
    u = golden.fill(1, 2, -1, d, count).numpy()
    mixed = u.copy()
    mixed[:, :-1] += 0.5 * u[:, 1:]
    centres = golden.fill(2, 2 * apart, -apart, d, components).numpy()
    return mixed + centres[np.arange(count) % components]


def mixture(d, count, components, steps, apart):
    """From the parameters that the codes give when each is of the nearest of the first K codes."""
    x = codes(d, count, components, apart)
    reg = FLOOR * ((x - x.mean(axis=0)) ** 2).mean()
    own = ((x[:, None, :] - x[None, :components, :]) ** 2).sum(axis=2).argmin(axis=1)
    parts = [x[own == k] for k in range(components)]
    start = [np.cov(part.T, bias=True).reshape(d, d) + reg * np.eye(d) for part in parts]
    model = GaussianMixture(
        components,
        tol=0,
        max_iter=steps,
        reg_covar=reg,
        weights_init=[len(part) / count for part in parts],
        means_init=np.array([part.mean(axis=0) for part in parts]),
        precisions_init=np.linalg.inv(start),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged
        model.fit(x)
    assert model.n_iter_ == steps
    return {
        "dimensions": d,
        "codes": count,
        "steps": steps,
        "apart": apart,
        "weights": model.weights_.tolist(),
        "means": model.means_.flatten().tolist(),
        "covariances": totals(model.covariances_.reshape(components * d, d)),
        "log_density": totals(model.score_samples(x)),
        "responsibilities": totals(model.predict_proba(x)),
        "log_likelihood": float(model.score(x)),
    }


def quantiles():
    mpmath.mp.dps = 60
    p = [5e-324, 1e-300, 1e-100, 1e-17, 1e-12, 1.3e-11, 1.4e-11, 1e-6, 0.001, 0.02, 0.0749, 0.0751, 0.1, 0.25, 0.4, 0.49, 0.4999999]
    p += [0.5 + 2.0**-52, 0.5000001, 0.51, 0.6, 0.75, 0.9, 0.925, 0.93, 0.99, 0.999, 1 - 1e-9, 1 - 2.0**-40, 1 - 2.0**-53]

    def quantile(value):
        value = mpmath.mpf(value)
        tail = min(value, 1 - value)
        x = -mpmath.sqrt(-2 * mpmath.log(tail)) if tail < 0.1 else (tail - 0.5) * 2.5
        for _ in range(30):  # Newton's steps towards log(tail), which is nearly a parabola
            x -= mpmath.log(mpmath.ncdf(x) / tail) * mpmath.ncdf(x) / mpmath.npdf(x)
        assert abs(mpmath.ncdf(x) / tail - 1) < mpmath.mpf(10) ** -40
        return float(x if value <= 0.5 else -x)

    return {"p": p, "x": [quantile(value) for value in p]}


def empty_spot(count):
    """By all candidates: where a Voronoi diagram has its vertices, and where its edges leave the hull."""
    x = golden.fill(3, 2, -1, 2, count).numpy() * [1.0, 0.6]
    hull = scipy.spatial.ConvexHull(x)
    inside = lambda points: (points @ hull.equations[:, :2].T + hull.equations[:, 2] <= 1e-12).all(axis=1)
    vertices = scipy.spatial.Voronoi(x).vertices
    candidates = [vertices[inside(vertices)]]
    for a, b in x[hull.simplices]:
        first, second = (side.ravel() for side in np.triu_indices(count, 1))
        middle, normal = (x[first] + x[second]) / 2, x[second] - x[first]
        with np.errstate(divide="ignore", invalid="ignore"):
            t = ((middle - a) * normal).sum(axis=1) / (normal @ (b - a))
        t = t[(t >= 0) & (t <= 1)]
        candidates.append(a + t[:, None] * (b - a))
    candidates = np.concatenate(candidates)
    distances = np.sqrt(((candidates[:, None, :] - x[None]) ** 2).sum(axis=2)).min(axis=1)
    return {"codes": count, "spot": candidates[distances.argmax()].tolist(), "distance": float(distances.max())}


golden.write(
    "latent.json",
    {
        "scikit_learn": sklearn.__version__,
        "mixtures": {name: mixture(*case) for name, case in MIXTURES.items()},
        "quantiles": quantiles(),
        "empty_spots": {name: empty_spot(count) for name, count in MAPS.items()},
    },
)
