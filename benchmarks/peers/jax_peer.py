"""JAX: plain functions over a list of weights, with Adam written out, as its own tutorials do."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

import common

task = common.Task()
work = task.work


def logits(layers, x):
    for weights, bias in layers[:-1]:
        x = jax.nn.relu(x @ weights + bias)
    weights, bias = layers[-1]
    return x @ weights + bias


def output(layers, x):
    return jax.nn.sigmoid(logits(layers, x)) if work.output == "sigmoid" else jax.nn.relu(logits(layers, x))


def loss(layers, x):
    if work.loss == "bce":
        z = logits(layers, x)
        return jnp.mean(jnp.maximum(z, 0) - z * x + jnp.log1p(jnp.exp(-jnp.abs(z))))
    return jnp.mean(jnp.square(output(layers, x) - x))


def adam_step(state, x):
    layers, mean, variance, count = state
    gradient = jax.grad(loss)(layers, x)
    count += 1
    mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, gradient)
    variance = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, variance, gradient)
    rate = 1e-3 * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
    layers = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-7), layers, mean, variance)
    return layers, mean, variance, count


def initial_state():
    layers = jax.tree.map(jnp.asarray, task.first_layers())
    zeros = jax.tree.map(jnp.zeros_like, layers)
    return layers, zeros, zeros, jnp.float32(0)


def validation_loss(state):
    return float(jax.jit(loss)(state[0], task.test))


def train_by_step(task):
    step = jax.jit(adam_step)
    random = np.random.default_rng(task.seed)
    state = initial_state()

    def epoch():
        nonlocal state
        order = random.permutation(len(task.train))
        for first in range(0, len(order), work.batch):
            state = step(state, task.train[order[first : first + work.batch]])
            if task.first_step_seconds is None:
                jax.block_until_ready(state)
                task.first_step_done()
        jax.block_until_ready(state)

    return task.timed_epochs(epoch), lambda: validation_loss(state)


def train_by_scan(task):
    samples = jnp.asarray(task.train)
    full = len(samples) // work.batch * work.batch

    @partial(jax.jit, donate_argnums=0)
    def run_epoch(state, samples, key):
        order = jax.random.permutation(key, len(samples))
        batches = order[:full].reshape(-1, work.batch)
        state, _ = jax.lax.scan(lambda state, batch: (adam_step(state, samples[batch]), None), state, batches)
        return adam_step(state, samples[order[full:]]) if full < len(samples) else state

    layers, zeros, _, count = initial_state()
    state = layers, zeros, jax.tree.map(jnp.copy, zeros), count  # what is donated must not be shared
    keys = iter(jax.random.split(jax.random.key(task.seed), task.epochs))

    def epoch():
        nonlocal state
        state = jax.block_until_ready(run_epoch(state, samples, next(keys)))

    return task.timed_epochs(epoch), lambda: validation_loss(state)


def infer_by_jit(task):
    reconstruct = jax.jit(partial(output, initial_state()[0]))
    return jnp.asarray, lambda x: reconstruct(x).block_until_ready()


common.main(task, {"jax": jax.__version__}, {"step": train_by_step, "scan": train_by_scan}, {"jit": infer_by_jit})
