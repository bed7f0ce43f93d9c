# SPDX-License-Identifier: MIT
"""metrics.json: metrics by scikit-learn and scikit-image.

    pip install scikit-learn scikit-image     besides what the other scripts need"""

import golden
import numpy as np
import skimage
import sklearn
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from sklearn import metrics

# height, width, channels, images, data_range, window (0: Gaussian)
IMAGES = {
    "grey": (12, 9, 1, 3, 1.0, 7),
    "colour": (11, 16, 3, 2, 1.0, 5),
    "one_window": (7, 7, 1, 2, 2.5, 7),
    "gaussian": (14, 11, 1, 3, 1.0, 0),
    "gaussian_colour": (13, 15, 3, 2, 255.0, 0),
}
# samples, how many different scores, or 0: all differ
RANKINGS = {"distinct": (60, 0), "ties": (200, 10), "many_ties": (97, 3), "few": (5, 0)}
CLASSES = {"three": (50, 3), "absent": (40, 9), "two": (33, 2)}
CLUSTERS = {"plane": (2, 90, 4), "singleton": (3, 40, 5), "line": (1, 30, 2)}


def images(height, width, channels, count, data_range):
    """x = u of stream 1, and 0.7 x + 0.3 u of stream 2, times the range."""
    size = (height * width * channels, count)
    x = golden.fill(1, 1, 0, *size).numpy()
    return [data_range * z.reshape(count, height, width, channels) for z in (x, 0.7 * x + 0.3 * golden.fill(2, 1, 0, *size).numpy())]


def reconstruction(height, width, channels, count, data_range, window):
    x, y = images(height, width, channels, count, data_range)
    how = {"win_size": window} if window else {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return {
        "shape": [height, width, channels],
        "images": count,
        "data_range": data_range,
        "window": window,
        "mean_squared_error": metrics.mean_squared_error(x.ravel(), y.ravel()),
        "mean_absolute_error": metrics.mean_absolute_error(x.ravel(), y.ravel()),
        "psnr": [float(peak_signal_noise_ratio(a, b, data_range=data_range)) for a, b in zip(x, y)],
        "ssim": [float(structural_similarity(a, b, data_range=data_range, channel_axis=2, **how)) for a, b in zip(x, y)],
    }


def ranking(count, different):
    """The score is u of stream 1, or ⌊different · u⌋; the label whether u of stream 2 plus half of that of stream 1 exceeds 0.8."""
    u = golden.uniform(1, count)
    labels = (golden.uniform(2, count) + 0.5 * u > 0.8).astype(int)
    scores = np.floor(different * u) if different else u
    fpr, tpr, thresholds = metrics.roc_curve(labels, scores, drop_intermediate=False)
    precision, recall, _ = metrics.precision_recall_curve(labels, scores)
    return {
        "samples": count,
        "different": different,
        "roc_auc": float(metrics.roc_auc_score(labels, scores)),
        "average_precision": float(metrics.average_precision_score(labels, scores)),
        "false_positive_rate": fpr.tolist(),
        "true_positive_rate": tpr.tolist(),
        "thresholds": thresholds[1:].tolist(),
        "precision": precision.tolist(),
        "recall": recall.tolist(),
    }


def classification(count, classes):
    """⌊k u⌋ of stream 1 for the truth, k the classes, at most 6; for the prediction the same where u of stream 2 < 0.6, else ⌊k u⌋ of stream 3."""
    k = min(classes, 6)
    truth = np.floor(k * golden.uniform(1, count)).astype(int)
    other = np.floor(k * golden.uniform(3, count)).astype(int)
    predicted = np.where(golden.uniform(2, count) < 0.6, truth, other)
    present = np.union1d(truth, predicted)
    return {
        "samples": count,
        "classes": classes,
        "confusion": metrics.confusion_matrix(truth, predicted, labels=range(classes)).tolist(),
        "accuracy": float(metrics.accuracy_score(truth, predicted)),
        "mean_iou": float(metrics.jaccard_score(truth, predicted, labels=present, average="macro")),
    }


def clusters(dimensions, count, classes):
    """Code j is 2u - 1 of stream 1, plus its class j mod K of the others than the last; code 0 alone is of the last."""
    labels = np.arange(count) % (classes - 1) if classes > 2 else np.arange(count) % classes
    if classes > 2:
        labels[0] = classes - 1
    x = golden.fill(1, 2, -1, dimensions, count).numpy() + labels[:, None]
    return {
        "dimensions": dimensions,
        "samples": count,
        "classes": classes,
        "silhouettes": metrics.silhouette_samples(x, labels).tolist(),
        "score": float(metrics.silhouette_score(x, labels)),
    }


golden.write(
    "metrics.json",
    {
        "made_by": f"scikit-learn {sklearn.__version__}, scikit-image {skimage.__version__}",
        "reconstructions": {name: reconstruction(*case) for name, case in IMAGES.items()},
        "rankings": {name: ranking(*case) for name, case in RANKINGS.items()},
        "classifications": {name: classification(*case) for name, case in CLASSES.items()},
        "clusters": {name: clusters(*case) for name, case in CLUSTERS.items()},
    },
)
