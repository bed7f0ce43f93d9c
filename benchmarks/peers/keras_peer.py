"""Keras 3 on TensorFlow: fit, and a whole epoch as one graph."""

import os
import time
from functools import partial

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

import catalogue
import common

task = common.Task()
work = task.work
tf.config.threading.set_intra_op_parallelism_threads(task.threads)
tf.config.threading.set_inter_op_parallelism_threads(task.threads)
keras.utils.set_random_seed(task.seed)


class Latent(keras.layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.heads = keras.layers.Dense(2 * units)
        self.seeds = keras.random.SeedGenerator(task.seed)

    def build(self, shape):
        self.heads.build(shape)

    def call(self, x):
        mean, log_variance = keras.ops.split(self.heads(x), 2, axis=1)
        if not drawing:
            return mean
        divergence = keras.ops.square(mean) + keras.ops.exp(log_variance) - 1 - log_variance
        self.add_loss(0.5 * keras.ops.mean(keras.ops.sum(divergence, axis=1)))
        return mean + keras.ops.exp(log_variance / 2) * keras.random.normal(keras.ops.shape(mean), seed=self.seeds)


drawing = True  # in training and in what is evaluated behind it


def first_variables():
    """Values in the order of the model's variables."""
    first = iter(task.first_layers())
    for layer in work.layers:
        if isinstance(layer, catalogue.Recurrent):
            (kernel, bias), (recurrent_kernel, recurrent_bias) = next(first), next(first)
            if layer.cell == "lstm":  # one bias, the sum
                yield from (kernel, recurrent_kernel, bias + recurrent_bias)
            else:  # update before reset; both biases as the rows of one
                for values in (kernel, recurrent_kernel, np.stack([bias, recurrent_bias])):
                    reset, update, new = np.split(values, 3, axis=-1)
                    yield np.concatenate([update, reset, new], axis=-1)
        elif isinstance(layer, (catalogue.Dense, catalogue.Conv, catalogue.Latent)):
            yield from next(first)


def network(last_activation=True):
    model = keras.Sequential([keras.Input(work.input)])
    for position, layer in enumerate(work.layers):
        last = position == len(work.layers) - 1
        activation = work.activation(position) if last_activation or not last else None
        activation = None if activation == "none" else activation
        if isinstance(layer, catalogue.Dense):
            model.add(keras.layers.Dense(layer.units, activation=activation))
        elif isinstance(layer, catalogue.Conv):
            model.add(keras.layers.Conv2D(layer.filters, 3, padding="same", activation=activation))
        elif isinstance(layer, catalogue.Latent):
            model.add(Latent(layer.units))
        elif isinstance(layer, catalogue.Recurrent):
            kind = keras.layers.LSTM if layer.cell == "lstm" else keras.layers.GRU
            model.add(kind(layer.units, return_sequences=layer.sequence))
        elif isinstance(layer, catalogue.Repeat):
            model.add(keras.layers.RepeatVector(layer.steps))
        else:
            model.add(keras.layers.MaxPooling2D(2) if isinstance(layer, catalogue.Pool) else keras.layers.UpSampling2D(2))
    for variable, values in zip(model.trainable_variables, first_variables(), strict=True):
        variable.assign(values)
    return model


def loss_function(from_logits=False):
    if work.loss == "mse":
        return keras.losses.MeanSquaredError()
    entropy = keras.losses.BinaryCrossentropy(from_logits)
    return entropy if work.loss == "bce" else lambda target, y: work.image**2 * entropy(target, y)


def train_fit(task):
    class Clock(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.seconds = []

        def on_epoch_begin(self, epoch, logs=None):
            self.seconds.append(-time.perf_counter())

        def on_epoch_end(self, epoch, logs=None):
            self.seconds[-1] += time.perf_counter()

    class FirstStep(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            task.first_step_done()

    model = network()
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss_function())
    clock = Clock()
    options = {"batch_size": work.batch, "verbose": 0}
    # A callback after each batch is not free: it sees the first epoch only, which no speed is taken from.
    pair = task.train[0], task.train[-1]
    model.fit(*pair, epochs=1, callbacks=[clock, FirstStep()], **options)
    model.fit(*pair, epochs=task.epochs, initial_epoch=1, callbacks=[clock], **options)
    return clock.seconds, lambda: model.evaluate(task.test[0], task.test[-1], **options)


def train_graph(task, jit_compile=False):
    on_logits = work.loss != "mse"
    model = network(last_activation=not on_logits)
    loss = loss_function(from_logits=on_logits)
    optimizer = keras.optimizers.Adam(1e-3)
    optimizer.build(model.trainable_variables)
    samples = [tf.constant(part) for part in task.train]
    count = len(task.train[0])
    full, rest = divmod(count, work.batch)

    def step(indices):
        batch = [tf.gather(part, indices) for part in samples]
        with tf.GradientTape() as tape:
            value = loss(batch[-1], model(batch[0], training=True)) + sum(model.losses)
        optimizer.apply(tape.gradient(value, model.trainable_variables), model.trainable_variables)

    @tf.function(jit_compile=jit_compile)
    def run_epoch(order):
        for i in tf.range(full):
            step(tf.slice(order, [i * work.batch], [work.batch]))
        if rest:
            step(order[full * work.batch :])

    def epoch():
        run_epoch(tf.random.shuffle(tf.range(count)))

    seconds = task.timed_epochs(epoch)
    model.compile(loss=loss)
    return seconds, lambda: model.evaluate(task.test[0], task.test[-1], batch_size=work.batch, verbose=0)


def infer_call(task):
    global drawing
    drawing = False
    model = network()
    return tf.constant, lambda x: model(x, training=False)


def infer_function(task, jit_compile=False):
    global drawing
    drawing = False
    model = network()
    function = tf.function(lambda x: model(x, training=False), jit_compile=jit_compile)

    def bind(samples):
        """The concrete function of this shape, which is called without a search for it."""
        x = tf.constant(samples)
        return partial(function.get_concrete_function(x), x)

    return bind, lambda bound: bound()


common.main(
    task,
    {"tensorflow": tf.__version__, "keras": keras.__version__},
    {"fit": train_fit, "graph": train_graph, "graph-xla": partial(train_graph, jit_compile=True)},
    {"call": infer_call, "function": infer_function, "function-xla": partial(infer_function, jit_compile=True)},
)
