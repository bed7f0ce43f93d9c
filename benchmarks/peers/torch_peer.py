"""PyTorch: as its tutorials write it, and as those do who count microseconds."""

from functools import partial

import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

import common

task = common.Task()
work = task.work
torch.set_num_threads(task.threads)
torch.manual_seed(task.seed)


def network(last_activation=True):
    layers = []
    for weights, bias in task.first_layers():
        dense = torch.nn.Linear(*weights.shape)
        dense.load_state_dict({"weight": torch.from_numpy(weights.T), "bias": torch.from_numpy(bias)})
        layers += [dense, torch.nn.ReLU()]
    layers.pop()
    if last_activation:
        layers.append(torch.nn.Sigmoid() if work.output == "sigmoid" else torch.nn.ReLU())
    return torch.nn.Sequential(*layers)


@torch.inference_mode()
def validation_loss(model, loss):
    test = torch.from_numpy(task.test)
    batches = test.split(work.batch)
    return sum(loss(model(x), x).item() * len(x) for x in batches) / len(test)


def train_eager(task):
    model = network()
    loss = torch.nn.BCELoss() if work.loss == "bce" else torch.nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7)
    loader = DataLoader(TensorDataset(torch.from_numpy(task.train)), batch_size=work.batch, shuffle=True)

    def epoch():
        for (x,) in loader:
            optimizer.zero_grad()
            loss(model(x), x).backward()
            optimizer.step()
            task.first_step_done()

    return task.timed_epochs(epoch), lambda: validation_loss(model, loss)


def train_tensors(task, compiled=False):
    on_logits = work.loss == "bce"
    model = network(last_activation=not on_logits)
    loss = F.binary_cross_entropy_with_logits if on_logits else F.mse_loss
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7, fused=True)
    samples = torch.from_numpy(task.train)

    def loss_of(x):
        return loss(model(x), x)

    if compiled:
        loss_of = torch.compile(loss_of, dynamic=False)

    def epoch():
        for indices in torch.randperm(len(samples)).split(work.batch):
            optimizer.zero_grad()
            loss_of(samples.index_select(0, indices)).backward()
            optimizer.step()
            task.first_step_done()

    return task.timed_epochs(epoch), lambda: validation_loss(model, loss)


def infer_module(task):
    torch.inference_mode().__enter__()  # for the rest of the process
    return torch.from_numpy, network().eval()


def infer_traced(task):
    torch.inference_mode().__enter__()
    traced = torch.jit.trace(network().eval(), torch.from_numpy(task.test[:1]))
    return torch.from_numpy, torch.jit.optimize_for_inference(torch.jit.freeze(traced))


common.main(
    task,
    {"torch": torch.__version__},
    {"eager": train_eager, "tensors": train_tensors, "compile": partial(train_tensors, compiled=True)},
    {"module": infer_module, "traced": infer_traced},
)
