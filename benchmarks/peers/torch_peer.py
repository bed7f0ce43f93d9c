"""PyTorch: as its tutorials write it, and as those do who count microseconds."""

from functools import partial

import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

import catalogue
import common

task = common.Task()
work = task.work
torch.set_num_threads(task.threads)
torch.manual_seed(task.seed)


def tensor(samples):
    """Of an image channels come before the pixels here."""
    x = torch.from_numpy(samples)
    return x if x.dim() < 4 else x.movedim(-1, 1).contiguous()


class Latent(torch.nn.Module):
    def __init__(self, heads):
        super().__init__()
        self.heads = heads

    def forward(self, x):
        mean, log_variance = self.heads(x).chunk(2, 1)
        if not self.training:
            return mean
        self.kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum() / len(x)
        return mean + (log_variance / 2).exp() * torch.randn_like(mean)


class Recurrent(torch.nn.Module):
    def __init__(self, layer, weights_of_x, bias_of_x, weights_of_state, bias_of_state):
        super().__init__()
        kind = torch.nn.LSTM if layer.cell == "lstm" else torch.nn.GRU
        self.sequence = layer.sequence
        self.layer = kind(len(weights_of_x), layer.units, batch_first=True)
        self.layer.load_state_dict({"weight_ih_l0": weights_of_x.T, "weight_hh_l0": weights_of_state.T, "bias_ih_l0": bias_of_x,
                                    "bias_hh_l0": bias_of_state})

    def forward(self, x):
        y = self.layer(x)[0]
        return y if self.sequence else y[:, -1]


class Repeat(torch.nn.Module):
    def __init__(self, steps):
        super().__init__()
        self.steps = steps

    def forward(self, x):
        return x.unsqueeze(1).expand(-1, self.steps, -1)


def network(last_activation=True):
    modules = []
    first = iter(task.first_layers())
    for position, layer in enumerate(work.layers):
        if isinstance(layer, catalogue.Pool):
            modules.append(torch.nn.MaxPool2d(2))
        elif isinstance(layer, catalogue.Up):
            modules.append(torch.nn.Upsample(scale_factor=2, mode="nearest"))
        elif isinstance(layer, catalogue.Recurrent):
            modules.append(Recurrent(layer, *(torch.from_numpy(values) for _ in range(2) for values in next(first))))
        elif isinstance(layer, catalogue.Repeat):
            modules.append(Repeat(layer.steps))
        else:
            weights, bias = map(torch.from_numpy, next(first))
            inputs, outputs = weights.shape[-2:]
            linear = not isinstance(layer, catalogue.Conv)
            module = torch.nn.Linear(inputs, outputs) if linear else torch.nn.Conv2d(inputs, outputs, 3, padding="same")
            module.load_state_dict({"weight": weights.T if linear else weights.permute(3, 2, 0, 1), "bias": bias})
            if isinstance(layer, catalogue.Latent):
                modules.append(Latent(module))
                continue
            modules += [module, {"relu": torch.nn.ReLU, "sigmoid": torch.nn.Sigmoid, "none": torch.nn.Identity}[work.activation(position)]()]
    return torch.nn.Sequential(*(modules if last_activation else modules[:-1]))


def loss_of(model, loss, batch):
    if work.loss != "elbo":
        return loss(model(batch[0]), batch[-1])
    return loss(model(batch[0]), batch[-1], reduction="sum") / len(batch[0]) + sum(m.kl for m in model if isinstance(m, Latent))


@torch.no_grad()
def validation_loss(model, loss):
    test = TensorDataset(*map(tensor, task.test))
    batches = (test[first : first + work.batch] for first in range(0, len(test), work.batch))
    return sum(loss_of(model, loss, batch).item() * len(batch[0]) for batch in batches) / len(test)


def train_eager(task):
    model = network()
    loss = F.mse_loss if work.loss == "mse" else F.binary_cross_entropy
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7)
    loader = DataLoader(TensorDataset(*map(tensor, task.train)), batch_size=work.batch, shuffle=True)

    def epoch():
        for batch in loader:
            optimizer.zero_grad()
            loss_of(model, loss, batch).backward()
            optimizer.step()
            task.first_step_done()

    return task.timed_epochs(epoch), lambda: validation_loss(model, loss)


def train_tensors(task, compiled=False):
    on_logits = work.loss != "mse"
    model = network(last_activation=not on_logits).to(memory_format=torch.channels_last)
    loss = F.binary_cross_entropy_with_logits if on_logits else F.mse_loss
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7, fused=True)
    samples = [tensor(part) for part in task.train]

    def step_loss(*batch):
        return loss_of(model, loss, batch)

    if compiled:
        step_loss = torch.compile(step_loss, dynamic=False)

    def epoch():
        for indices in torch.randperm(len(samples[0])).split(work.batch):
            optimizer.zero_grad()
            step_loss(*(part.index_select(0, indices) for part in samples)).backward()
            optimizer.step()
            task.first_step_done()

    return task.timed_epochs(epoch), lambda: validation_loss(model, loss)


def infer_module(task):
    torch.inference_mode().__enter__()  # for the rest of the process
    return tensor, network().eval()


def infer_traced(task):
    torch.inference_mode().__enter__()
    traced = torch.jit.trace(network().eval(), tensor(task.test[0][:1]))
    return tensor, torch.jit.optimize_for_inference(torch.jit.freeze(traced))


common.main(
    task,
    {"torch": torch.__version__},
    {"eager": train_eager, "tensors": train_tensors, "compile": partial(train_tensors, compiled=True)},
    {"module": infer_module, "traced": infer_traced},
)
