"""What is compared: the works, and the peers with their ways of doing them. Both are added here."""

from __future__ import annotations

import dataclasses
from typing import Literal, Optional, Union

Kind = Literal["training", "inference"]


@dataclasses.dataclass(frozen=True)
class Dense:
    """Of a sequence, each step by itself."""

    units: int

    def __str__(self) -> str:
        return str(self.units)


@dataclasses.dataclass(frozen=True)
class Conv:
    """Kernels of 3 × 3 pixels, with zeros around the image, so that it keeps its size."""

    filters: int

    def __str__(self) -> str:
        return f"conv{self.filters}"


@dataclasses.dataclass(frozen=True)
class Pool:
    """The largest of every 2 × 2 pixels."""

    def __str__(self) -> str:
        return "pool"


@dataclasses.dataclass(frozen=True)
class Up:
    """Every pixel as 2 × 2 of them."""

    def __str__(self) -> str:
        return "up"


@dataclasses.dataclass(frozen=True)
class Latent:
    """A dense layer that gives means and logarithms of variances, and a draw from there: the mean in inference."""

    units: int

    def __str__(self) -> str:
        return f"latent{self.units}"


@dataclasses.dataclass(frozen=True)
class Recurrent:
    """PyTorch's equations, with two biases, from a state of zeros."""

    cell: Literal["lstm", "gru"]
    units: int
    sequence: bool = False  # the output of every step, or that of the last alone

    @property
    def gates(self) -> int:
        """In the first weights an LSTM has them as input, forget, cell, output; a GRU as reset, update, new."""
        return {"lstm": 4, "gru": 3}[self.cell]

    def __str__(self) -> str:
        return f"{self.cell}{self.units}"


@dataclasses.dataclass(frozen=True)
class Repeat:
    """The same vector at every step."""

    steps: int

    def __str__(self) -> str:
        return f"repeat{self.steps}"


Layer = Union[Dense, Conv, Pool, Up, Latent, Recurrent, Repeat]


def dense(*units: int) -> tuple[Layer, ...]:
    return tuple(map(Dense, units))


def recurrent(cell: Literal["lstm", "gru"]) -> tuple[Layer, ...]:
    return (Recurrent(cell, 64), Repeat(28), Recurrent(cell, 64, sequence=True), Dense(28))


@dataclasses.dataclass(frozen=True)
class Work:
    """A network and how it is trained: Adam at 1e-3, Glorot's uniform weights, zero biases, samples shuffled each epoch."""

    name: str
    image: int  # pixels along an edge of the images it takes
    layers: tuple[Layer, ...]  # ReLU behind all dense layers and convolutions but the last, and those of a latent code
    output: Literal["sigmoid", "relu", "none"]
    loss: Literal["bce", "mse", "elbo"]  # mean over pixels and samples; the targets are the images. ELBO: BCE and KL, summed
    batch: int
    epochs: int = 3
    noise: float = 0  # standard deviation of what is added to the inputs, once, before they are clipped to [0, 1]
    divisor: int = 1  # one of so many images, and of calls, is enough to reach a steady speed

    @property
    def input(self) -> tuple[int, ...]:
        """The shape of a sample: a vector, a sequence of rows, or height, width and channels."""
        if isinstance(self.layers[0], Recurrent):
            return (self.image, self.image)
        return (self.image**2,) if isinstance(self.layers[0], Dense) else (self.image, self.image, 1)

    @property
    def recurrent(self) -> bool:
        return any(isinstance(layer, Recurrent) for layer in self.layers)

    @property
    def weights(self) -> tuple[tuple[int, ...], ...]:
        """Shapes: inputs × outputs, or height × width of the kernel before them. A recurrent layer has two: of x and of the state."""
        shapes: list[tuple[int, ...]] = []
        inputs = self.input[-1]
        for layer in self.layers:
            if isinstance(layer, Dense):
                shapes.append((inputs, layer.units))
            elif isinstance(layer, Conv):
                shapes.append((3, 3, inputs, layer.filters))
            elif isinstance(layer, Latent):
                shapes.append((inputs, 2 * layer.units))
            elif isinstance(layer, Recurrent):
                shapes += [(inputs, layer.gates * layer.units), (layer.units, layer.gates * layer.units)]
            inputs = layer.units if isinstance(layer, (Latent, Recurrent)) else inputs if isinstance(layer, Repeat) else shapes[-1][-1]
        return tuple(shapes)

    def activation(self, position: int) -> str:
        """Behind the dense layer or the convolution at this position."""
        return self.output if position == len(self.layers) - 1 else "relu"

    def file(self, split: str, noise: float = 0) -> str:
        """Of the samples as raw float32, with or without noise."""
        return f"{split}-{self.image}" + (f"-noise{noise}" if noise else "") + ".f32"

    def part(self, count: int) -> int:
        """How many to take of so many images or calls."""
        return count // self.divisor

    @property
    def title(self) -> str:
        layers = "-".join(map(str, ("×".join(map(str, self.input[:2])), *self.layers)))
        noise = f", noise {self.noise}" if self.noise else ""
        activations = "rows as steps" if self.recurrent else f"ReLU, last {self.output}"
        return f"{layers}, {activations}, {self.loss.upper()}, batch {self.batch}{noise}"


DENOISER = (Conv(32), Pool(), Conv(32), Pool(), Conv(32), Up(), Conv(32), Up(), Conv(1))

WORKS = {
    work.name: work
    for work in (
        Work("M1", 28, dense(32, 784), "sigmoid", "bce", batch=256),
        Work("M2", 28, dense(512, 256, 128, 64, 128, 256, 512, 784), "sigmoid", "mse", batch=256),
        Work("M3", 28, DENOISER, "sigmoid", "bce", batch=128, noise=0.5, divisor=4),
        Work("M4", 28, (Dense(512), Latent(2), Dense(512), Dense(784)), "sigmoid", "elbo", batch=128),
        Work("M5", 8, dense(32, 32, 16, 32, 32, 64), "relu", "mse", batch=32),
        Work("M6", 28, recurrent("lstm"), "none", "mse", batch=128, divisor=4),
        Work("M7", 28, recurrent("gru"), "none", "mse", batch=128, divisor=4),
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
    lacks: tuple[tuple[str, str], ...] = ()  # works that it does not do, and why

    @property
    def single(self) -> bool:
        return self.one_thread or self.kind == "inference"


NO_DRAWS = ("M4", "it has no variational autoencoder")
NO_RECURRENCE = (("M6", "it has no recurrent layers"), ("M7", "it has no recurrent layers"))
NO_UPSAMPLING = (("M3", "it has no upsampling"), NO_DRAWS, *NO_RECURRENCE)
LOOP = (("M3", "XLA on processors slows convolutions within a loop down to 80 images/s"),)


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
                Way("fit-bfloat16", "training", "Trainer::fit with products in bfloat16, where the processor has it"),
                Way("fit-1-thread", "training", "Trainer::fit on one thread", "fit", one_thread=True),
                Way("reconstruct", "inference", "reconstruct with a workspace"),
            ),
        ),
        Peer(
            "eigencoder-portable",
            "eigencoder.cpp",
            (
                Way("fit", "training", "Trainer::fit, compiled for any processor and linked with the component kernels"),
                Way("reconstruct", "inference", "reconstruct with a workspace, in the same program"),
            ),
        ),
        Peer(
            "keras",
            "keras_peer.py",
            (
                Way("fit", "training", "model.fit on NumPy arrays"),
                Way("graph", "training", "a tf.function over all batches of an epoch"),
                Way("graph-xla", "training", "the same with jit_compile=True", lacks=LOOP),
                Way("graph-xla-1-thread", "training", "and on one thread", "graph-xla", one_thread=True, quick=False, lacks=LOOP),
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
                Way("tensors", "training", "batches by index_select, channels last, logits, fused Adam"),
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
                Way("step", "training", "a jitted step for each batch of NumPy's", lacks=NO_RECURRENCE),
                Way("scan", "training", "a jitted lax.scan over an epoch", lacks=LOOP + NO_RECURRENCE),
                Way("scan-1-thread", "training", "the same on one thread", "scan", one_thread=True, quick=False, lacks=LOOP + NO_RECURRENCE),
                Way("jit", "inference", "a jitted function", lacks=NO_RECURRENCE),
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
                Way("trainer", "training", "dnn_trainer::train_one_step", lacks=(NO_DRAWS, *NO_RECURRENCE)),
                Way("loop", "training", "the network's own step on tensors", lacks=(NO_DRAWS, *NO_RECURRENCE)),
                Way("forward", "inference", "the network on a tensor", lacks=(NO_DRAWS, *NO_RECURRENCE)),
            ),
        ),
        Peer(
            "minidnn",
            "minidnn.cpp",
            (
                Way("fit", "training", "Network::fit", one_thread=True, lacks=NO_UPSAMPLING),
                Way("predict", "inference", "Network::predict", lacks=NO_UPSAMPLING),
            ),
            default=False,
        ),
    )
}

# Every ratio is against these.
BASELINE: dict[Kind, tuple[str, str]] = {"training": ("eigencoder", "fit"), "inference": ("eigencoder", "reconstruct")}
