# SPDX-License-Identifier: MIT
"""clustering.json: clusters, how they agree with classes, and votes of neighbours, by scikit-learn.

    pip install scikit-learn     besides what the other scripts need"""

import golden
import numpy as np
import sklearn
from sklearn import metrics
from sklearn.cluster import KMeans
from sklearn.metrics.cluster import contingency_matrix
from sklearn.neighbors import KNeighborsClassifier

# dimensions, codes, clusters, how far apart, steps at most, tolerance, whether the first centre begins far from all codes
K_MEANS = {
    "plane": (2, 90, 4, 1.0, 300, 0.0, False),
    "many": (5, 211, 7, 0.7, 300, 0.0, False),
    "line": (1, 30, 3, 1.5, 300, 0.0, False),
    "empty": (3, 80, 5, 1.0, 300, 0.0, True),
    "one": (3, 17, 1, 0.0, 300, 0.0, False),
    "stopped": (4, 150, 6, 0.4, 3, 0.0, False),
    "tolerant": (4, 400, 6, 0.3, 300, 1e-2, False),
}
# samples, classes, clusters, how many samples' cluster follows from their class
AGREEMENTS = {"alike": (60, 3, 3, 0.8), "more_clusters": (200, 5, 9, 0.5), "independent": (97, 4, 3, 0.0), "one_cluster": (20, 3, 1, 0.0), "same": (31, 4, 4, 1.0)}
# dimensions, codes, queries, classes, neighbours
NEIGHBOURS = {"one": (2, 50, 23, 3, 1), "three": (3, 70, 31, 4, 3), "seven": (4, 60, 29, 2, 7), "all": (2, 9, 5, 2, 9)}


def k_means(dimensions, count, clusters, apart, steps, tolerance, far):
    """Code j is 2u - 1, plus (2u - 1) · apart of stream 2, column j mod K. It begins with the first K codes, the first of all values 50 if far."""
    centres = golden.fill(2, 2 * apart, -apart, dimensions, clusters).numpy()
    x = golden.fill(1, 2, -1, dimensions, count).numpy() + centres[np.arange(count) % clusters]
    first = x[:clusters].copy()
    if far:
        first[0] = 50
    fit = KMeans(clusters, init=first, n_init=1, max_iter=steps, tol=tolerance, algorithm="lloyd").fit(x)
    return {
        "dimensions": dimensions,
        "codes": count,
        "clusters": clusters,
        "apart": apart,
        "max_steps": steps,
        "tolerance": tolerance,
        "far": far,
        "steps": fit.n_iter_,
        "inertia": fit.inertia_,
        "labels": fit.labels_.tolist(),
        "centres": fit.cluster_centers_.flatten().tolist(),
        "predicted": fit.predict(golden.fill(3, 4, -2, dimensions, 40).numpy()).tolist(),
    }


def agreement(count, classes, clusters, share):
    """Classes ⌊k u⌋ of stream 1; clusters the class times 7 plus 3, mod clusters, where u of stream 2 < share, else ⌊clusters · u⌋ of stream 3."""
    truth = np.floor(classes * golden.uniform(1, count)).astype(int)
    found = np.where(golden.uniform(2, count) < share, (7 * truth + 3) % clusters, np.floor(clusters * golden.uniform(3, count)).astype(int))
    table = contingency_matrix(truth, found)
    return {
        "samples": count,
        "classes": classes,
        "clusters": clusters,
        "share": share,
        "contingency": table.T.flatten().tolist(),
        "purity": float(table.max(axis=0).sum() / count),
        "adjusted_rand": float(metrics.adjusted_rand_score(truth, found)),
        "normalized_mutual_info": float(metrics.normalized_mutual_info_score(truth, found)),
    }


def neighbours(dimensions, count, queries, classes, k):
    """Codes 2u - 1 of stream 1, queries of stream 2, labels ⌊classes · u⌋ of stream 3. Votes that are tied are -1."""
    labels = np.floor(classes * golden.uniform(3, count)).astype(int)
    classifier = KNeighborsClassifier(k, algorithm="brute").fit(golden.fill(1, 2, -1, dimensions, count).numpy(), labels)
    x = golden.fill(2, 2, -1, dimensions, queries).numpy()
    shares = np.sort(classifier.predict_proba(x), axis=1)
    votes = np.where(shares[:, -1] > shares[:, -2] + 1e-9, classifier.predict(x), -1)
    return {"dimensions": dimensions, "codes": count, "queries": queries, "classes": classes, "neighbours": k, "votes": votes.tolist()}


golden.write(
    "clustering.json",
    {
        "made_by": f"scikit-learn {sklearn.__version__}",
        "k_means": {name: k_means(*case) for name, case in K_MEANS.items()},
        "agreements": {name: agreement(*case) for name, case in AGREEMENTS.items()},
        "neighbours": {name: neighbours(*case) for name, case in NEIGHBOURS.items()},
    },
)
