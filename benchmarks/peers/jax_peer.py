"""JAX: plain functions over a list of weights, with Adam written out, as its own tutorials do."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

import catalogue
import common

task = common.Task()
work = task.work


def convolve(x, weights):
    return jax.lax.conv_general_dilated(x, weights, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def logits(layers, x, key=None):
    """The logits, and the KL divergence of a latent code, summed; drawn by the key, or its mean without one."""
    remaining = iter(layers)
    divergence = 0.0
    for position, layer in enumerate(work.layers):
        if isinstance(layer, catalogue.Pool):
            x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
        elif isinstance(layer, catalogue.Up):
            x = jnp.repeat(jnp.repeat(x, 2, axis=1), 2, axis=2)
        else:
            weights, bias = next(remaining)
            x = (convolve(x, weights) if isinstance(layer, catalogue.Conv) else x @ weights) + bias
            if isinstance(layer, catalogue.Latent):
                x, log_variance = jnp.split(x, 2, axis=1)
                divergence += 0.5 * jnp.sum(jnp.square(x) + jnp.exp(log_variance) - 1 - log_variance)
                if key is not None:
                    x += jnp.exp(log_variance / 2) * jax.random.normal(key, x.shape)
            elif position < len(work.layers) - 1:
                x = jax.nn.relu(x)
    return x, divergence


def output(layers, x):
    z, _ = logits(layers, x)
    return jax.nn.sigmoid(z) if work.output == "sigmoid" else jax.nn.relu(z)


def loss(layers, batch, key):
    x, target = batch[0], batch[-1]
    if work.loss == "mse":
        return jnp.mean(jnp.square(output(layers, x) - target))
    z, divergence = logits(layers, x, key)
    entropy = jnp.maximum(z, 0) - z * target + jnp.log1p(jnp.exp(-jnp.abs(z)))
    return (jnp.sum(entropy) + divergence) / len(x) if work.loss == "elbo" else jnp.mean(entropy)


def draws(count):
    return jax.random.fold_in(jax.random.key(task.seed), count.astype(jnp.int32)) if work.loss == "elbo" else None


def adam_step(state, batch):
    layers, mean, variance, count = state
    gradient = jax.grad(loss)(layers, batch, draws(count))
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
    batches = [tuple(part[first : first + 1000] for part in task.test) for first in range(0, len(task.test[0]), 1000)]
    compiled = jax.jit(loss)
    keys = (draws(jnp.float32(-1 - i)) for i in range(len(batches)))
    return sum(float(compiled(state[0], batch, next(keys))) * len(batch[0]) for batch in batches) / len(task.test[0])


def train_by_step(task):
    step = jax.jit(adam_step)
    random = np.random.default_rng(task.seed)
    state = initial_state()

    def epoch():
        nonlocal state
        order = random.permutation(len(task.train[0]))
        for first in range(0, len(order), work.batch):
            batch = order[first : first + work.batch]
            state = step(state, tuple(part[batch] for part in task.train))
            if task.first_step_seconds is None:
                jax.block_until_ready(state)
                task.first_step_done()
        jax.block_until_ready(state)

    return task.timed_epochs(epoch), lambda: validation_loss(state)


def train_by_scan(task):
    samples = tuple(map(jnp.asarray, task.train))
    count = len(task.train[0])
    full = count // work.batch * work.batch

    @partial(jax.jit, donate_argnums=0)
    def run_epoch(state, samples, key):
        order = jax.random.permutation(key, count)

        def step(state, indices):
            return adam_step(state, tuple(part[indices] for part in samples)), None

        state, _ = jax.lax.scan(step, state, order[:full].reshape(-1, work.batch))
        return step(state, order[full:])[0] if full < count else state

    layers, zeros, _, steps = initial_state()
    state = layers, zeros, jax.tree.map(jnp.copy, zeros), steps  # what is donated must not be shared
    keys = iter(jax.random.split(jax.random.key(task.seed), task.epochs))

    def epoch():
        nonlocal state
        state = jax.block_until_ready(run_epoch(state, samples, next(keys)))

    return task.timed_epochs(epoch), lambda: validation_loss(state)


def infer_by_jit(task):
    reconstruct = jax.jit(partial(output, initial_state()[0]))
    return jnp.asarray, lambda x: reconstruct(x).block_until_ready()


common.main(task, {"jax": jax.__version__}, {"step": train_by_step, "scan": train_by_scan}, {"jit": infer_by_jit})
