"""What is compared: the works, and the peers with their ways of doing them. Both are added here."""

from __future__ import annotations

import dataclasses
from typing import Literal, Optional

Kind = Literal["training", "inference"]


@dataclasses.dataclass(frozen=True)
class Work:
    """A network and how it is trained: Adam at 1e-3, Glorot's uniform weights, zero biases, samples shuffled each epoch."""

    name: str
    widths: tuple[int, ...]  # of dense layers, the input first; ReLU behind all but the last
    output: Literal["sigmoid", "relu"]
    loss: Literal["bce", "mse"]  # mean over pixels and samples; the targets are the inputs
    batch: int
    image: int  # pixels along an edge of the images it takes
    epochs: int = 3

    @property
    def title(self) -> str:
        widths = "-".join(map(str, self.widths))
        return f"{widths}, ReLU, last {self.output}, {self.loss.upper()}, batch {self.batch}"


WORKS = {
    work.name: work
    for work in (
        Work("M1", (784, 32, 784), "sigmoid", "bce", batch=256, image=28),
        Work("M2", (784, 512, 256, 128, 64, 128, 256, 512, 784), "sigmoid", "mse", batch=256, image=28),
        Work("M5", (64, 32, 32, 16, 32, 32, 64), "relu", "mse", batch=32, image=8),
    )
}


@dataclasses.dataclass(frozen=True)
class Way:
    """One way of a peer to do a work, in a process of its own."""

    name: str
    kind: Kind
    meaning: str
    program_way: Optional[str] = None  # what the program calls it, if not by the name
    one_thread: bool = False  # however many the others may take; inference always runs on one
    tuned_allocator: bool = False  # tcmalloc preloaded, or jemalloc
    quick: bool = True  # part of a quick comparison

    @property
    def single(self) -> bool:
        return self.one_thread or self.kind == "inference"


@dataclasses.dataclass(frozen=True)
class Peer:
    name: str
    program: str  # in this folder
    ways: tuple[Way, ...]
    packages: tuple[str, ...] = ()  # from PyPI; versions are in requirements.txt
    default: bool = True  # compared unless --peers says otherwise


PEERS = {
    peer.name: peer
    for peer in (
        Peer(
            "eigencoder",
            "eigencoder.cpp",
            (
                Way("fit", "training", "Trainer::fit"),
                Way("fit-bytes", "training", "the same on 8-bit pixels, converted a batch at a time"),
                Way("fit-1-thread", "training", "Trainer::fit on one thread", "fit", one_thread=True),
                Way("reconstruct", "inference", "reconstruct with a workspace"),
            ),
        ),
        Peer(
            "keras",
            "keras_peer.py",
            (
                Way("fit", "training", "model.fit on NumPy arrays"),
                Way("graph", "training", "a tf.function over all batches of an epoch"),
                Way("graph-xla", "training", "the same with jit_compile=True"),
                Way("graph-xla-1-thread", "training", "and on one thread", "graph-xla", one_thread=True, quick=False),
                Way("call", "inference", "model(x)"),
                Way("function", "inference", "a concrete tf.function around it"),
                Way("function-xla", "inference", "the same with jit_compile=True"),
            ),
            packages=("tensorflow-cpu", "keras"),
        ),
        Peer(
            "torch",
            "torch_peer.py",
            (
                Way("eager", "training", "DataLoader, TensorDataset, Adam"),
                Way("tensors", "training", "batches by index_select, logits, fused Adam"),
                Way("tensors-tuned", "training", "the same on tcmalloc", "tensors", tuned_allocator=True),
                Way("compile", "training", "the same under torch.compile", quick=False),
                Way("module", "inference", "the module in inference_mode"),
                Way("traced", "inference", "traced, frozen and optimised by torch.jit"),
            ),
            packages=("torch", "numpy"),
        ),
        Peer(
            "jax",
            "jax_peer.py",
            (
                Way("step", "training", "a jitted step for each batch of NumPy's"),
                Way("scan", "training", "a jitted lax.scan over an epoch"),
                Way("scan-1-thread", "training", "the same on one thread", "scan", one_thread=True, quick=False),
                Way("jit", "inference", "a jitted function"),
            ),
            packages=("jax", "jaxlib"),
        ),
        Peer(
            "onnxruntime",
            "onnxruntime_peer.py",
            (
                Way("run", "inference", "InferenceSession.run"),
                Way("binding", "inference", "the same with inputs and outputs bound beforehand"),
            ),
            packages=("onnxruntime", "onnx"),
        ),
        Peer(
            "dlib",
            "dlib.cpp",
            (
                Way("trainer", "training", "dnn_trainer::train_one_step"),
                Way("loop", "training", "the network's own step on tensors"),
                Way("forward", "inference", "the network on a tensor"),
            ),
        ),
        Peer(
            "minidnn",
            "minidnn.cpp",
            (
                Way("fit", "training", "Network::fit", one_thread=True),
                Way("predict", "inference", "Network::predict"),
            ),
            default=False,
        ),
    )
}

# Every ratio is against these.
BASELINE: dict[Kind, tuple[str, str]] = {"training": ("eigencoder", "fit"), "inference": ("eigencoder", "reconstruct")}
