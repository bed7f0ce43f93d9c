"""ONNX Runtime: inference alone, on a model built here."""

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import common

task = common.Task()
work = task.work


def model() -> bytes:
    nodes, weights_and_biases = [], []
    name = "x"
    for i, (weights, bias) in enumerate(task.first_layers()):
        weights_and_biases += [numpy_helper.from_array(weights, f"weights{i}"), numpy_helper.from_array(bias, f"bias{i}")]
        last = i == len(work.widths) - 2
        activation = "Sigmoid" if last and work.output == "sigmoid" else "Relu"
        nodes.append(helper.make_node("Gemm", [name, f"weights{i}", f"bias{i}"], [f"dense{i}"]))
        name = "y" if last else f"activation{i}"
        nodes.append(helper.make_node(activation, [f"dense{i}"], [name]))
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", work.widths[0]]) for name in "xy"]
    graph = helper.make_graph(nodes, work.name, values[:1], values[1:], weights_and_biases)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10).SerializeToString()


def session():
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = task.threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model(), options, providers=["CPUExecutionProvider"])


def infer_run(task):
    run = session().run
    return np.ascontiguousarray, lambda x: run(["y"], {"x": x})


def infer_binding(task):
    reconstruct = session()

    def bind(x):
        binding = reconstruct.io_binding()
        binding.bind_cpu_input("x", x)
        binding.bind_ortvalue_output("y", onnxruntime.OrtValue.ortvalue_from_numpy(np.empty_like(x)))
        return binding

    return bind, reconstruct.run_with_iobinding


common.main(task, {"onnxruntime": onnxruntime.__version__}, {}, {"run": infer_run, "binding": infer_binding})
