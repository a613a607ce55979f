"""Where training runs, and whether it will fit there."""

import os

import torch

from causalrec.config.model import ModelSettings, TrainingSettings
from causalrec.dataset.arrays import Interactions
from causalrec.errors import TrainingError

GIB = 2**30
FLOAT = 4


def choose_device(name: str) -> torch.device:
    """``auto`` takes a GPU where there is one.

    Raises:
        TrainingError: cuda was asked for and there is none.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise TrainingError("no CUDA device is available", do='set training.device to "auto" or "cpu"')
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def half_precision(name: str, device: torch.device) -> bool:
    """Whether dense products run in bfloat16: ``auto`` says so where the hardware has units for it, a GPU."""
    return name == "bfloat16" or (name == "auto" and device.type == "cuda")


def estimate_bytes(data: Interactions, model: ModelSettings, training: TrainingSettings) -> int:
    """Peak bytes of training a factor network: tables, Adam, layers, graph, one batch, features."""
    nodes = data.n_users + data.n_items
    table = nodes * model.dim * FLOAT
    # parameters, gradient, two Adam moments, best state, and per layer the states with their gradients
    tables = table * (5 + 3 * (model.layers + 1))
    graph = data.train.shape[1] * 2 * (8 + FLOAT) * 2
    batch = training.batch * training.negatives * FLOAT * 4
    features = sum(values.nbytes for values in data.modalities.values()) * 3
    widths = [min(model.content.channel_width, values.shape[1]) for values in data.modalities.values()]
    columns = sum(widths) if model.content.channel else 0
    neighbours = data.n_items * model.content.neighbours * (8 + FLOAT) * 2 * max(len(data.modalities), 1)
    evaluation = training.evaluation_batch * data.n_items * FLOAT * 3
    channel = nodes * columns * FLOAT * 4  # offered and chosen, factual and adjusted
    return int(tables + graph + batch + features + neighbours + evaluation + channel)


def check_memory(
    data: Interactions, model: ModelSettings, training: TrainingSettings, device: torch.device
) -> int:
    """The estimate in bytes, compared with what is free before anything is allocated.

    Raises:
        TrainingError: the estimate is above the limit.
    """
    need = estimate_bytes(data, model, training)
    limit = int(training.max_memory_gib * GIB) or free_bytes(device)
    if need > limit:
        raise TrainingError(
            f"training needs about {need / GIB:.1f} GiB on {device.type}, {limit / GIB:.1f} GiB are free",
            do="lower model.dim, training.batch or training.negatives, or use a larger machine",
        )
    return need


def free_bytes(device: torch.device) -> int:
    """Memory that can still be had on the device."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
