# SPDX-License-Identifier: MIT
"""What the golden scripts share: the formula for weights and data, and how results are written.

The library keeps one sample a column and its matrices column-major; PyTorch keeps one sample a row and its tensors
row-major. So every tensor here is the transpose of the library's matrix, and flattening it gives the library's order.
"""

import json
from pathlib import Path

import numpy as np
import torch

torch.set_num_threads(1)  # the order of a sum, and so its last digits, must not depend on the machine
torch.set_default_dtype(torch.float64)


def mix(z):
    """splitmix64 (Steele, Lea and Flood, 2014): one step from the states z. uint64 arithmetic wraps."""
    z = z + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def uniform(stream, count):
    """The first `count` numbers in [0, 1) of a stream."""
    key = mix(np.array([stream], dtype=np.uint64))
    return (mix(key ^ np.arange(count, dtype=np.uint64)) >> np.uint64(11)) * 2.0**-53


def fill(stream, scale, offset, rows, columns=1):
    """scale · u + offset for the library's rows × columns matrix: a columns × rows tensor."""
    return torch.from_numpy(scale * uniform(stream, rows * columns) + offset).reshape(columns, rows)


def weight(stream, units, inputs):
    """Glorot's uniform distribution: limit · (2u − 1), as an inputs × units tensor."""
    limit = (6 / (units + inputs)) ** 0.5
    return fill(stream, 2 * limit, -limit, units, inputs)


def bias(stream, units):
    """0.1 · (2u − 1). Not zero, so that a forgotten bias shows."""
    return fill(stream, 0.2, -0.1, units)


def philox(counter, key):
    """Philox4x32-10 (Salmon et al., 2011) on four arrays of words."""
    c = [np.asarray(word, dtype=np.uint64) for word in np.broadcast_arrays(*counter)]
    low, k = np.uint64(0xFFFFFFFF), [key & 0xFFFFFFFF, key >> 32]
    for _ in range(10):
        p0, p1 = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [(p1 >> np.uint64(32)) ^ c[1] ^ np.uint64(k[0]), p1 & low, (p0 >> np.uint64(32)) ^ c[3] ^ np.uint64(k[1]), p0 & low]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def numbers(tensor):
    """All values, in the library's order."""
    return tensor.detach().flatten().tolist()


def totals(tensor):
    """Four projections, which every value enters, and the norm that says how large an error in them may be."""
    values = tensor.detach().flatten()
    projections = [float(fill(9000 + j, 2, -1, values.numel()) @ values) for j in range(4)]
    return {"projections": projections, "norm": float(values.norm())}


def digest(tensor, count=40):
    """`count` values evenly spread over a tensor, and its totals: small, however large the tensor is."""
    values = numbers(tensor)
    count = min(count, len(values))
    indices = [k * (len(values) - 1) // max(count - 1, 1) for k in range(count)]
    return {"indices": indices, "values": [values[i] for i in indices], **totals(tensor)}


def render(value, indent=""):
    """JSON with objects indented and every array of numbers on one line. Floats are written so that they read back exactly."""
    inner = indent + "  "
    if isinstance(value, dict):
        items = [f"{inner}{json.dumps(key)}: {render(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(items) + f"\n{indent}}}"
    if isinstance(value, list) and value and isinstance(value[0], (dict, list)):
        return "[\n" + ",\n".join(inner + render(item, inner) for item in value) + f"\n{indent}]"
    return json.dumps(value, allow_nan=False)


def write(name, content):
    made_by = "PyTorch " + torch.__version__.split("+")[0]
    Path(__file__).with_name(name).write_text(render({"made_by": made_by, **content}) + "\n")
