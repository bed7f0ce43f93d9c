"""What the peers in Python share: the command line, the data, the clock, the JSON line. README.md has the protocol."""

from __future__ import annotations

import argparse
import functools
import gc
import json
import math
import statistics
import time
from typing import Any, Callable, Optional

import numpy as np

import catalogue

BATCH_OF_INFERENCE = 256

# Inputs, and targets where they are others: the first and the last are there in any case. The same of a batch.
Samples = tuple[np.ndarray, ...]


class Task:
    """What the driver asks of this process."""

    def __init__(self) -> None:
        parser = argparse.ArgumentParser()
        for name in ("--work", "--way", "--train", "--train-inputs", "--test", "--test-inputs", "--weights"):
            parser.add_argument(name, required=True)
        for name in ("--epochs", "--train-count", "--test-count", "--threads", "--seed", "--calls"):
            parser.add_argument(name, type=int, required=True)
        parser.add_argument("--started", type=float, required=True)
        self.options = parser.parse_args()
        self.work = catalogue.WORKS[self.options.work]
        self.epochs: int = self.options.epochs
        self.threads: int = self.options.threads
        self.seed: int = self.options.seed
        self.first_step_seconds: Optional[float] = None

        begin = time.monotonic()
        self.train = self._samples(self.options.train_inputs, self.options.train, self.options.train_count)
        self._reading = time.monotonic() - begin

    @functools.cached_property
    def test(self) -> Samples:
        """Read when training is over, so that only the training samples count as its memory."""
        return self._samples(self.options.test_inputs, self.options.test, self.options.test_count)

    def _samples(self, inputs: str, targets: str, count: int) -> Samples:
        shape = (count, *self.work.input)
        paths = (inputs,) if inputs == targets else (inputs, targets)
        return tuple(np.fromfile(path, np.float32, math.prod(shape)).reshape(shape) for path in paths)

    def first_layers(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Weights, (height × width ×) inputs × outputs, and biases that every peer starts from, layer by layer."""
        values = np.fromfile(self.options.weights, np.float32)
        layers = []
        for shape in self.work.weights:
            size = math.prod(shape)
            weights, bias, values = np.split(values, [size, size + shape[-1]])
            layers.append((weights.reshape(shape), bias))
        return layers

    def first_step_done(self) -> None:
        """To be called when a step has ended, at least when the first has."""
        if self.first_step_seconds is None:
            self.first_step_seconds = time.monotonic() - self.options.started - self._reading

    def timed_epochs(self, epoch: Callable[[], Any]) -> list[float]:
        """Seconds of each epoch; epoch() returns when its last step is done."""
        seconds = []
        for _ in range(self.epochs):
            begin = time.perf_counter()
            epoch()
            seconds.append(time.perf_counter() - begin)
        if self.first_step_seconds is None:
            # The epoch is one call, in which nobody sees the first step end: take a steady epoch from the first.
            self.first_step_done()
            assert self.first_step_seconds is not None
            self.first_step_seconds -= sum(seconds[1:]) + statistics.median(seconds[1:])
        return seconds


def peak_memory_mib() -> float:
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))


def timed_calls(call: Callable[[Any], Any], inputs: list[Any], count: int) -> list[float]:
    """Sorted seconds of `count` calls, on the inputs in turn, after a tenth as many to warm up."""
    for i in range(max(count // 10, 10)):
        call(inputs[i % len(inputs)])
    seconds = []
    for i in range(count):
        x = inputs[i % len(inputs)]
        begin = time.perf_counter_ns()
        call(x)
        seconds.append((time.perf_counter_ns() - begin) * 1e-9)
    return sorted(seconds)


# A way of training gives the seconds of each epoch, and what computes the loss on the test set afterwards.
Training = Callable[[Task], "tuple[list[float], Callable[[], float]]"]
# A way of inference gives what turns samples, one a row, into the framework's own input, and the call that is timed.
Inference = Callable[[Task], "tuple[Callable[[np.ndarray], Any], Callable[[Any], Any]]"]


def main(task: Task, versions: dict[str, str], training: dict[str, Training], inference: dict[str, Inference]) -> None:
    way = task.options.way
    result: dict[str, Any] = {"versions": versions}
    if way in training:
        seconds, validation_loss = training[way](task)
        result["peak_memory_mib"] = peak_memory_mib()
        result["images_per_second"] = len(task.train[0]) * (len(seconds) - 1) / sum(seconds[1:])
        result["first_step_seconds"] = task.first_step_seconds
        result["validation_loss"] = float(validation_loss())
    else:
        prepare, call = inference[way](task)
        inputs = task.test[0]
        singles = [prepare(inputs[i : i + 1]) for i in range(64)]
        batch = [prepare(inputs[:BATCH_OF_INFERENCE])]
        gc.collect()
        single_seconds = timed_calls(call, singles, task.options.calls)
        batch_seconds = timed_calls(call, batch, max(task.options.calls // 20, 1))
        result["latency_median_us"] = statistics.median(single_seconds) * 1e6
        result["latency_p99_us"] = single_seconds[len(single_seconds) * 99 // 100] * 1e6
        result["images_per_second"] = BATCH_OF_INFERENCE / statistics.median(batch_seconds)
    print(json.dumps(result), flush=True)
