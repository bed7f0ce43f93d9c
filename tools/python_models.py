"""Models to and from Python, in safetensors files: for Keras both ways, for PyTorch where the numbers of modules differ. docs/python.md
explains it. Needs safetensors and numpy, and Keras or PyTorch.

    export_keras("model.safetensors", encoder=encoder, decoder=decoder)   # an autoencoder, of two Sequential models
    export_keras("network.safetensors", network)                          # a plain stack
    import_keras("model.safetensors", encoder=encoder, decoder=decoder)   # saved with Layout::keras
    import_torch("model.safetensors", module)                             # saved with Layout::pytorch
"""

import numpy
from safetensors.numpy import load_file, save_file


def keras_weights(*stack, **halves):
    """Every weight of Sequential models with its name in a file, "encoder.0.kernel". A layer counts one, and one more for its
    `activation=`, which is a layer of its own in the file; Flatten counts none, since Dense flattens by itself. The second direction
    of a Bidirectional has a suffix, "0.kernel_reverse"."""
    for half, model in [("", model) for model in stack] + [(half + ".", model) for half, model in halves.items()]:
        position = 0
        for layer in model.layers:
            directions = [(layer, "")]
            if hasattr(layer, "backward_layer"):
                directions = [(layer.forward_layer, ""), (layer.backward_layer, "_reverse")]
            for direction, suffix in directions:
                yield from ((f"{half}{position}.{weight.name}{suffix}", weight) for weight in direction.weights)
            inner = getattr(layer, "layer", layer)  # of a TimeDistributed
            activation = None if hasattr(inner, "cell") else getattr(inner, "activation", None)  # a recurrent layer's is part of it
            position += type(layer).__name__ not in ("Flatten", "InputLayer")
            position += bool(layer.weights) and activation is not None and activation.__name__ != "linear"


def export_keras(path, *stack, **halves):
    """Writes what `ec::load(model, path, {.layout = ec::Layout::keras})` reads."""
    save_file({name: numpy.ascontiguousarray(weight.numpy()) for name, weight in keras_weights(*stack, **halves)}, path)


def import_keras(path, *stack, **halves):
    """Reads what `ec::save(model, path, {.layout = ec::Layout::keras})` writes."""
    tensors = {name: tensor for name, tensor in load_file(path).items() if not name.startswith("values.")}
    weights = dict(keras_weights(*stack, **halves))
    if tensors.keys() != weights.keys():
        raise ValueError(f"missing: {sorted(weights.keys() - tensors.keys())}, unexpected: {sorted(tensors.keys() - weights.keys())}")
    for name, weight in weights.items():
        weight.assign(tensors[name])


def import_torch(path, module):
    """Loads a file of `ec::save` into modules whose numbers differ, as where nn.Flatten counts: half by half, module by module."""
    import torch

    def parts(names):
        """{"encoder": ["encoder.0", "encoder.2"], …}"""
        modules = dict.fromkeys(name.rpartition(".")[0] for name in names)
        halves = {}
        for name in modules:
            halves.setdefault(name.rpartition(".")[0], []).append(name)
        return halves

    tensors = {name: tensor for name, tensor in load_file(path).items() if not name.startswith("values.")}
    by_number = sorted(tensors, key=lambda name: [int(part) if part.isdigit() else 0 for part in name.split(".")])
    found, wanted = parts(by_number), parts(module.state_dict())
    if {half: len(names) for half, names in found.items()} != {half: len(names) for half, names in wanted.items()}:
        raise ValueError(f"the file has modules {found}, the module {wanted}")
    names = {here: there for half in wanted for here, there in zip(found[half], wanted[half])}
    state = {}
    for name, tensor in tensors.items():
        place, _, last = name.rpartition(".")
        state[f"{names[place]}.{last}"] = torch.from_numpy(tensor)
    module.load_state_dict(state)
