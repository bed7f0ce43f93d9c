"""Holds files of export_onnx to onnx and ONNX Runtime: python onnx.py PROGRAM FOLDER

PROGRAM writes networks into FOLDER, and beside each what goes in and what it makes of it. Every file must pass ONNX's checker, with strict inference of shapes,
and give equal outputs in ONNX Runtime, with its optimisations and without: within 1e-5 of the largest."""

import pathlib
import subprocess
import sys

# This script has the name of the library that it needs, and Python looks beside a script first.
HERE = pathlib.Path(__file__).resolve().parent
sys.path = [folder for folder in sys.path if pathlib.Path(folder).resolve() != HERE]

import numpy as np
import onnx
import onnxruntime

TOLERANCE = 1e-5
LEVELS = (onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL, onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL)


def options(level):
    chosen = onnxruntime.SessionOptions()
    chosen.graph_optimization_level = level
    return chosen


def extents(value):
    """The shape of a sample, as ONNX has it: the first dimension must be N, any number."""
    first, *others = value.type.tensor_type.shape.dim
    assert first.dim_param == "N" and all(d.dim_value > 0 for d in others), value
    assert value.type.tensor_type.elem_type == onnx.TensorProto.FLOAT, value
    return [d.dim_value for d in others]


def channels_outermost(rows, shape):
    """Samples of ours, channels innermost, one a row → N × channels × …"""
    channels, *pixels = shape
    return np.moveaxis(rows.reshape([len(rows), *pixels, channels]), -1, 1)


def check(path):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert model.ir_version == 8 and [(o.domain, o.version) for o in model.opset_import] == [("", 17)]
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    assert inferred.graph.output == model.graph.output, inferred.graph.output
    sessions = [onnxruntime.InferenceSession(str(path), options(level), providers=["CPUExecutionProvider"]) for level in LEVELS]
    shapes = {value.name: extents(value) for value in model.graph.input}
    (output,) = model.graph.output
    worst, batches = 0, []
    for x_file in sorted(path.parent.glob(path.stem + ".*.x")):
        samples = int(x_file.suffixes[-2][1:])
        x, y = (np.fromfile(x_file.with_suffix(s), "<f4").reshape(samples, -1) for s in (".x", ".y"))
        feed, at = {}, 0
        for name, shape in shapes.items():
            size = int(np.prod(shape))
            feed[name] = channels_outermost(x[:, at : at + size], shape)
            at += size
        assert at == x.shape[1], f"{path.name}: the inputs hold {at} values a sample, the network's {x.shape[1]}"
        expected = channels_outermost(y, extents(output))
        assert np.isfinite(expected).all(), f"{path.name}: values that are not finite"
        for session in sessions:
            (found,) = session.run(None, feed)
            assert found.shape == expected.shape, f"{path.name}: {found.shape} for {expected.shape}"
            # Beside extremes all else would be small: there each value is compared with itself, and with 1.
            scale = np.abs(expected) + 1 if path.stem.startswith("extreme") else np.abs(expected).max()
            worst = max(worst, float((np.abs(found - expected) / scale).max()))
        batches.append(samples)
    assert batches, f"{path.name}: nothing to compare"
    names = ", ".join(shapes) + " -> " + output.name
    print(f"{path.name:28s} {len(model.graph.node):3d} nodes  {names:34s} samples {batches}  largest difference {worst:.1e}")
    return worst <= TOLERANCE


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        if old.suffix in (".onnx", ".x", ".y"):
            old.unlink()
    subprocess.run([program, folder], check=True)
    files = sorted(folder.glob("*.onnx"))
    wrong = [path.name for path in files if not check(path)]
    if wrong or not files:
        sys.exit(f"beyond {TOLERANCE}: {', '.join(wrong)}" if wrong else "the program has written no files")
    print(f"{len(files)} files, all equal to {TOLERANCE}")


main()
