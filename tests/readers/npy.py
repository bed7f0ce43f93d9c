"""Holds the NPY and NPZ files of this library to NumPy, both ways, in all types and orders.

    python3 npy.py PROGRAM FOLDER"""

import pathlib
import subprocess
import sys

import numpy as np

program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
TYPES = ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "float32", "float64"]
rng = np.random.default_rng(1)


def values(kind, shape):
    if kind == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    if kind.startswith("float"):
        return rng.standard_normal(shape).astype(kind)
    info = np.iinfo(kind)
    return rng.integers(info.min, info.max, shape, dtype=kind, endpoint=True)


expected = {}


def save(name, array, version=None):
    with open(folder / name, "wb") as file:
        np.lib.format.write_array(file, array, version=version)
    expected[name] = array


for kind in TYPES:
    for shape in [(5,), (3, 4), (3, 2, 5), (2, 3, 4, 3)]:
        for order in "CF":
            save(f"theirs_{kind}_{len(shape)}{order}.npy", np.asarray(values(kind, shape), order=order))
    save(f"theirs_{kind}_0.npy", values(kind, ()))
save("theirs_version2.npy", values("float32", (3, 4)), version=(2, 0))
save("theirs_version3.npy", values("float32", (3, 4)), version=(3, 0))
save("theirs_empty.npy", np.zeros((0, 7), "f4"))
save("theirs_special.npy", np.array([[np.inf, -np.inf, np.nan, np.finfo("f8").tiny / 4, -0.0]]))
save("theirs_half.npy", np.arange(65536, dtype="u2").view("f2").reshape(256, 256))

x, y = values("uint8", (7, 4, 3)), values("int64", (7,)) % 10
for name, write in [("theirs_set.npz", np.savez), ("theirs_packed.npz", np.savez_compressed)]:
    write(folder / name, x_train=x, y_train=y, f=np.asfortranarray(values("float64", (3, 5))))
    with np.load(folder / name) as archive:
        expected |= {f"{name}:{key}": archive[key] for key in archive.files}

refused = {
    "theirs_refused_big.npy": (np.arange(3, dtype=">f4"), "big-endian"),
    "theirs_refused_object.npy": (np.array([1, "a", None], dtype=object), "Python objects"),
    "theirs_refused_text.npy": (np.array(["cat", "dog"]), "texts"),
    "theirs_refused_bytes.npy": (np.array([b"cat", b"dog"]), "texts"),
    "theirs_refused_complex.npy": (np.array([1j]), "complex"),
    "theirs_refused_record.npy": (np.zeros(3, dtype=[("x", "f4"), ("y", "i4")]), "structured"),
    "theirs_refused_date.npy": (np.array(["2024-01-01"], dtype="M8[D]"), "another type"),
    "theirs_refused_wide.npy": (np.zeros(3, dtype="longdouble"), "another type"),
}
for name, (array, _) in refused.items():
    np.save(folder / name, array, allow_pickle=True)

run = subprocess.run([program, folder], stdout=subprocess.PIPE, text=True, check=True)
lines = dict(line.split(" ", 1) for line in run.stdout.splitlines())

for name, array in expected.items():
    kind, order, shape, *numbers = lines.pop(name).split()
    assert kind == array.dtype.name, (name, kind)
    assert order == ("F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"), (name, order)
    assert shape == "(" + "".join(f"{extent}," for extent in array.shape) + ")", (name, shape)
    if array.ndim:
        np.testing.assert_array_equal(np.array(numbers, dtype="f8"), array.astype("f8").ravel(), err_msg=name)
print(f"read as NumPy has written them: {len(expected)} arrays")
ONE = {"uint8": 255, "int8": 128, "uint16": 65535, "int16": 32768, "float32": 1, "float64": 1}
in_place = 0
for name, array in expected.items():
    if ":" in name:
        continue
    found = lines.pop(f"disk:{name}")
    if array.dtype.name in ONE and array.size and array.ndim and (array.flags.c_contiguous or array.size == len(array)):
        count, *numbers = found.split()
        assert int(count) == len(array), (name, count)
        np.testing.assert_array_equal(np.array(numbers, dtype="f8"), array.astype("f8").ravel() / ONE[array.dtype.name], err_msg=name)
        in_place += 1
    else:
        assert found.startswith("refused "), (name, found)
assert in_place > 30, in_place
print(f"read in place: {in_place} arrays")
for name, (_, reason) in refused.items():
    for line in lines.pop(name), lines.pop(f"disk:{name}"):
        assert line.startswith("refused ") and reason in line, (name, line)
for name in "theirs_set.npz", "theirs_packed.npz":
    assert "numpy.save" in lines.pop(f"disk:{name}"), name
print(f"refused with a reason: {len(refused)} arrays")
assert lines.pop("set") == f"(4, 3, 1) 7 {np.float32(x.reshape(7, 12)[2, 5]) / np.float32(255):.9g} {y[2]}"
assert not lines, lines

for kind in TYPES:
    if kind == "float16":
        continue
    whole = (np.arange(24) % 2 if kind == "bool" else np.arange(24)).astype(kind)
    for what, shape in {"matrix": (4, 6), "image": (4, 2, 3), "images": (4, 2, 3), "sequence": (4, 3, 2), "vector": (24,)}.items():
        array = np.load(folder / f"ours_{kind}_{what}.npy")
        assert array.dtype == np.dtype(kind) and array.flags.c_contiguous, (kind, what)
        np.testing.assert_array_equal(array, whole.reshape(shape), strict=True)
print(f"read by NumPy as they were written: {5 * (len(TYPES) - 1)} arrays")
