"""Models go from PyTorch and Keras to eigencoder and back, with equal outputs: python python_models.py PROGRAM FOLDER"""

import os
import pathlib
import subprocess
import sys

os.environ["KERAS_BACKEND"] = "torch"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))

import keras
import numpy
import torch
from keras import layers
from python_models import export_keras, import_keras, import_torch
from safetensors.numpy import load_file, save_file
from safetensors.torch import load_file as load_torch
from safetensors.torch import save_file as save_torch
from torch import nn

TOLERANCE = 1e-6
PROGRAM, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
failures = []


class Autoencoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x):
        return self.decoder(self.encoder(x))


class OfSteps(nn.Module):
    """Samples are steps × channels within."""

    def forward(self, x):
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


class RecurrentAutoencoder(OfSteps, Autoencoder):
    pass


def returning(kind, *sizes, choose=lambda y: y, **options):
    """A recurrent module of PyTorch that gives its output alone, of all steps, or what `choose` makes of them."""

    class Layer(kind):
        def forward(self, x):
            return choose(super().forward(x)[0])

    return Layer(*sizes, batch_first=True, **options)


class Backward(nn.RNN):
    """From the end to the beginning."""

    def forward(self, x):
        return super().forward(x.flip(1))[0].flip(1)


class Repeat(nn.Module):
    def forward(self, x):
        return x[:, None].expand(-1, 6, -1)


class Words(nn.Embedding):
    def forward(self, x):
        return super().forward(x.long())


def last(y):
    return y[:, -1]


def torch_models():
    return {
        "dense": Autoencoder(
            nn.Sequential(nn.Linear(20, 12), nn.LeakyReLU(), nn.LayerNorm(12), nn.Linear(12, 4, bias=False)),
            nn.Sequential(nn.Linear(4, 12), nn.BatchNorm1d(12), nn.ELU(), nn.Linear(12, 20), nn.Sigmoid()),
        ),
        "convolutional": Autoencoder(
            nn.Sequential(nn.Conv2d(3, 6, 4, 2, padding=1), nn.BatchNorm2d(6), nn.ReLU(), nn.Flatten(), nn.Linear(96, 5)),
            nn.Sequential(
                nn.Linear(5, 96), nn.BatchNorm1d(96), nn.Tanh(), nn.LayerNorm(96), nn.Unflatten(1, (6, 4, 4)),
                nn.ConvTranspose2d(6, 3, 4, 2, padding=1), nn.Sigmoid(),
            ),
        ),
        "flattening": Autoencoder(
            nn.Sequential(
                nn.Conv2d(3, 3, 3, padding=1, groups=3), nn.Conv2d(3, 6, (2, 4), 2, padding=(0, 1)), nn.SiLU(), nn.Flatten(),
                nn.Linear(96, 5),
            ),
            nn.Sequential(
                nn.Linear(5, 96), nn.GELU(), nn.Unflatten(1, (6, 4, 4)), nn.Upsample(scale_factor=2), nn.Conv2d(6, 3, 3, padding=1),
                nn.Sigmoid(),
            ),
        ),
        "sequences": nn.Sequential(
            nn.Conv1d(4, 6, 3, padding=1), nn.Softplus(), nn.ConvTranspose1d(6, 5, 2, 2), nn.Flatten(), nn.Linear(120, 7), nn.Softmax(1)
        ),
        "recurrent": RecurrentAutoencoder(
            nn.Sequential(returning(nn.GRU, 3, 5, bidirectional=True), returning(nn.LSTM, 10, 4, choose=last)),
            nn.Sequential(Repeat(), returning(nn.LSTM, 4, 5), nn.Linear(5, 3)),
        ),
        "tokens": nn.Sequential(
            Words(11, 4), Backward(4, 6, batch_first=True), returning(nn.GRU, 6, 5, choose=last), nn.Linear(5, 3), nn.Softmax(1)
        ),
    }


class BackwardRNN(layers.SimpleRNN):
    """From the end to the beginning, with output t at place t."""

    def call(self, sequences, initial_state=None, mask=None, training=False):
        return keras.ops.flip(super().call(sequences, initial_state, mask, training), 1)


def keras_models():
    def epsilon(norm):
        return norm(epsilon=1e-5)

    return {
        "dense": dict(
            encoder=keras.Sequential([
                keras.Input((20,)), layers.Dense(12), layers.LeakyReLU(negative_slope=0.01), epsilon(layers.LayerNormalization),
                layers.Dense(4, use_bias=False),
            ]),
            decoder=keras.Sequential([
                keras.Input((4,)), layers.Dense(12), epsilon(layers.BatchNormalization), layers.ELU(),
                layers.Dense(20, activation="sigmoid"),
            ]),
        ),
        "convolutional": dict(
            encoder=keras.Sequential([
                keras.Input((8, 8, 3)), layers.Conv2D(6, 4, 2, padding="same"), epsilon(layers.BatchNormalization), layers.ReLU(),
                layers.Reshape((96,)), layers.Dense(5),
            ]),
            decoder=keras.Sequential([
                keras.Input((5,)), layers.Dense(96), epsilon(layers.BatchNormalization), layers.Activation("tanh"),
                epsilon(layers.LayerNormalization), layers.Reshape((4, 4, 6)),
                layers.Conv2DTranspose(3, 4, 2, padding="same", activation="sigmoid"),
            ]),
        ),
        "flattening": dict(
            encoder=keras.Sequential([
                keras.Input((8, 8, 3)), layers.DepthwiseConv2D(3, padding="same"),
                layers.Conv2D(6, (2, 4), 2, padding="same", activation="silu"), layers.Flatten(), layers.Dense(5),
            ]),
            decoder=keras.Sequential([
                keras.Input((5,)), layers.Dense(96, activation="gelu"), layers.Reshape((4, 4, 6)), layers.UpSampling2D(),
                layers.Conv2D(3, 3, padding="same", activation="sigmoid"),
            ]),
        ),
        "sequences": keras.Sequential([
            keras.Input((12, 4)), layers.Conv1D(6, 3, padding="same", activation="softplus"),
            layers.Conv1DTranspose(5, 2, 2, padding="same"), layers.Flatten(), layers.Dense(7, activation="softmax"),
        ]),
        "recurrent": dict(
            encoder=keras.Sequential([
                keras.Input((6, 3)), layers.Bidirectional(layers.GRU(5, return_sequences=True)), layers.LSTM(4),
            ]),
            decoder=keras.Sequential([
                keras.Input((4,)), layers.RepeatVector(6), layers.LSTM(5, return_sequences=True), layers.TimeDistributed(layers.Dense(3)),
            ]),
        ),
        "tokens": keras.Sequential([
            keras.Input((7,)), layers.Embedding(11, 4), BackwardRNN(6, return_sequences=True, go_backwards=True), layers.GRU(5),
            layers.Dense(3, activation="softmax"),
        ]),
    }


SHAPES = {"dense": (20,), "convolutional": (8, 8, 3), "flattening": (8, 8, 3), "sequences": (12, 4), "recurrent": (6, 3), "tokens": (7,)}


def channels_first(x):
    return numpy.ascontiguousarray(numpy.moveaxis(x, -1, 1))


def columns(y):
    """Samples as eigencoder has them: one a column, channels fastest."""
    return numpy.ascontiguousarray(y.reshape(len(y), -1).T)


def run_torch(model, x):
    with torch.no_grad():
        y = model.eval()(torch.from_numpy(channels_first(x) if x.ndim > 2 else x)).numpy()
    return columns(numpy.moveaxis(y, 1, -1) if y.ndim > 2 else y)


def run_keras(model, x):
    halves = model.values() if isinstance(model, dict) else [model]
    for half in halves:
        x = half(x, training=False)
    return columns(keras.ops.convert_to_numpy(x))


def train_torch(model, x):
    x = torch.from_numpy(channels_first(x) if x.ndim > 2 else x)
    target = model.train()(x).detach() ** 2
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for batch, wanted in zip(x.split(16), target.split(16)):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(batch), wanted).backward()
        optimizer.step()


def train_keras(model, x):
    if isinstance(model, dict):
        model = keras.Sequential([keras.Input(x.shape[1:]), *model.values()])
    model.compile(keras.optimizers.Adam(3e-3), "mean_squared_error")
    model.fit(x, keras.ops.convert_to_numpy(model(x)) ** 2, batch_size=16, epochs=2, verbose=0)


def compare(what, found, expected):
    difference = float(numpy.abs(found - expected).max()) if found.shape == expected.shape else numpy.inf
    spread = float(expected.std())
    fine = difference <= TOLERANCE and spread > 1e-3  # outputs that are all the same would show nothing
    print(f"{what}: outputs differ by {difference:.1e} at most, their deviation is {spread:.2f}{'' if fine else '  FAILED'}")
    if not fine:
        failures.append(what)


def main():
    torch.manual_seed(1)
    keras.utils.set_random_seed(1)
    random = numpy.random.default_rng(1)
    expected = {}
    for name, shape in SHAPES.items():
        x = random.random((64, *shape), dtype=numpy.float32)
        if name == "tokens":
            x = numpy.floor(11 * x)
        for framework, models, train, run in [
            ("pytorch", torch_models(), train_torch, run_torch), ("keras", keras_models(), train_keras, run_keras),
        ]:
            model = models[name]
            train(model, x)
            path = f"{FOLDER}/{name}.{framework}.safetensors"
            if framework == "pytorch":
                save_torch(model.state_dict(), path)
            elif isinstance(model, dict):
                export_keras(path, **model)
            else:
                export_keras(path, model)
            save_file({"values.x": columns(x)}, f"{FOLDER}/{name}.{framework}.inputs.safetensors")
            expected[f"{name}.{framework}"] = run(model, x)

    subprocess.run([PROGRAM, str(FOLDER)], check=True)

    for name, y in expected.items():
        compare(f"{name} to eigencoder", load_file(f"{FOLDER}/{name}.outputs.safetensors")["values.y"], y)
    for name, shape in SHAPES.items():
        path = f"{FOLDER}/{name}.for_pytorch.safetensors"
        values = load_file(path)
        x = numpy.ascontiguousarray(values["values.x"].T).reshape(-1, *shape)
        model = torch_models()[name]
        if name in ("flattening", "sequences"):
            import_torch(path, model)
        else:
            model.load_state_dict({key: tensor for key, tensor in load_torch(path).items() if not key.startswith("values.")})
        compare(f"{name} to PyTorch", run_torch(model, x), values["values.y"])

        path = f"{FOLDER}/{name}.for_keras.safetensors"
        model = keras_models()[name]
        if isinstance(model, dict):
            import_keras(path, **model)
        else:
            import_keras(path, model)
        compare(f"{name} to Keras", run_keras(model, x), values["values.y"])
    return f"failed: {', '.join(failures)}" if failures else 0


sys.exit(main())
