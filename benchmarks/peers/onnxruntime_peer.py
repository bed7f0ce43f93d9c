"""ONNX Runtime: inference alone, on a model built here."""

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import catalogue
import common

task = common.Task()
work = task.work

NEAREST = {"mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"}


def prepare(samples: np.ndarray) -> np.ndarray:
    """Of an image channels come before the pixels here, of sequences steps before samples."""
    if work.recurrent:
        return np.ascontiguousarray(np.moveaxis(samples, 0, 1))
    return np.ascontiguousarray(samples if samples.ndim == 2 else np.moveaxis(samples, -1, 1))


def gates(layer: catalogue.Recurrent, values: np.ndarray) -> np.ndarray:
    """… × gates, in the order that is asked for here: input, output, forget, cell; or update, reset, new."""
    parts = np.split(values, layer.gates, axis=-1)
    return np.concatenate([parts[i] for i in ((0, 3, 1, 2) if layer.cell == "lstm" else (1, 0, 2))], axis=-1)


def model() -> bytes:
    nodes, constants = [], []
    name = "x"

    def add(kind, *inputs, **attributes) -> None:
        nonlocal name
        output = f"{kind}{len(nodes)}"
        nodes.append(helper.make_node(kind, [name, *inputs], [output], **attributes))
        name = output

    def constant(values: np.ndarray) -> str:
        constants.append(numpy_helper.from_array(np.ascontiguousarray(values), f"constant{len(constants)}"))
        return constants[-1].name

    first = iter(task.first_layers())
    for position, layer in enumerate(work.layers):
        if isinstance(layer, catalogue.Pool):
            add("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
        elif isinstance(layer, catalogue.Up):
            add("Resize", "", constant(np.float32([1, 1, 2, 2])), **NEAREST)
        elif isinstance(layer, catalogue.Recurrent):
            (w, bias), (r, state_bias) = ([gates(layer, values) for values in next(first)] for _ in range(2))
            both = np.concatenate([bias, state_bias])
            add(layer.cell.upper(), constant(w.T[None]), constant(r.T[None]), constant(both[None]), hidden_size=layer.units,
                **({"linear_before_reset": 1} if layer.cell == "gru" else {}))
            if layer.sequence:  # steps × directions × samples × units
                add("Squeeze", constant(np.int64([1])))
            else:  # of its two outputs the last state alone: directions × samples × units
                nodes[-1].output[0] = ""
                nodes[-1].output.append(name)
        elif isinstance(layer, catalogue.Repeat):
            add("Expand", constant(np.int64([layer.steps, 1, 1])))
        elif work.recurrent:
            weights, bias = next(first)
            add("MatMul", constant(weights))
            add("Add", constant(bias))
        else:
            weights, bias = next(first)
            if isinstance(layer, catalogue.Latent):  # the mean: what would give the variance is left out
                add("Gemm", constant(weights[:, : layer.units]), constant(bias[: layer.units]))
                continue
            if isinstance(layer, catalogue.Dense):
                add("Gemm", constant(weights), constant(bias))
            else:
                add("Conv", constant(weights.transpose(3, 2, 0, 1)), constant(bias), auto_pad="SAME_UPPER")
            add({"relu": "Relu", "sigmoid": "Sigmoid"}[work.activation(position)])
    nodes[-1].output[0] = "y"
    one = prepare(np.empty((1, *work.input))).shape
    shape = [one[0], "n", *one[2:]] if work.recurrent else ["n", *one[1:]]
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in "xy"]
    graph = helper.make_graph(nodes, work.name, values[:1], values[1:], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10).SerializeToString()


def session():
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = task.threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model(), options, providers=["CPUExecutionProvider"])


def infer_run(task):
    run = session().run
    return prepare, lambda x: run(["y"], {"x": x})


def infer_binding(task):
    reconstruct = session()

    def bind(samples):
        x = prepare(samples)
        binding = reconstruct.io_binding()
        binding.bind_cpu_input("x", x)
        binding.bind_ortvalue_output("y", onnxruntime.OrtValue.ortvalue_from_numpy(np.empty_like(x)))
        return binding

    return bind, reconstruct.run_with_iobinding


common.main(task, {"onnxruntime": onnxruntime.__version__}, {}, {"run": infer_run, "binding": infer_binding})
