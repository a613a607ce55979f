"""Where training runs, and whether it will fit there."""

import torch

from causalrec.config.model import ModelSettings, TrainingSettings
from causalrec.dataset.arrays import Interactions
from causalrec.errors import TrainingError
from causalrec.model.causal.blend.fit import wants_blend
from causalrec.model.content import CHANNEL_WIDTH
from causalrec.model.rivals.ials import CELLS
from causalrec.training.free_memory import available_bytes
from causalrec.training.judge import EVALUATION_BATCH
from causalrec.training.losses import CACHED_CELLS, DEVICE_CELLS

GIB = 2**30
FLOAT = 4
STEP_TABLES, CAUSAL_TABLES = 8, 9
SOLVED_BATCHES = 5  # of the blend: histories, their systems, and what lies around in a solve
WITHOUT_CONTENT = frozenset({"lightgcn", "bpr_mf", "ips_mf", "pd"})
RUNTIME_BYTES = 256 * 2**20  # libraries loaded on first use, and memory kept by the allocator


def choose_device(name: str) -> torch.device:
    """The device to train on; ``auto`` takes a GPU if there is one.

    Raises:
        TrainingError: cuda was requested and is not available.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise TrainingError("no CUDA device is available", do='set training.device to "auto" or "cpu"')
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def half_precision(name: str, device: torch.device) -> bool:
    """Whether dense products run in bfloat16: with ``auto``, only on a GPU, which has units for it."""
    return name == "bfloat16" or (name == "auto" and device.type == "cuda")


def estimate_bytes(data: Interactions, model: ModelSettings, training: TrainingSettings) -> int:
    """Peak bytes that training a factor network adds to a process with the data in memory.

    The counts of tables were fitted to measured peaks of both networks on generated shops of 15,000 to
    150,000 users and items (dim 64 and 128, two and three layers), rounded up.
    """
    nodes = data.n_users + data.n_items
    table = nodes * model.dim * FLOAT
    # parameters, gradient, two Adam moments, best state, and temporaries of a step
    tables = table * (STEP_TABLES + model.layers / 2)
    if model.name == "causal":
        tables += table * CAUSAL_TABLES
    graph = data.train.shape[1] * 2 * (FLOAT + FLOAT) * 2
    negatives = min(training.negatives, data.n_items)
    batch = (3 * training.batch + 2 * negatives) * model.dim * FLOAT
    cells = CACHED_CELLS if choose_device(training.device).type == "cpu" else DEVICE_CELLS
    scores = min(training.batch * negatives, cells) * FLOAT * 3
    content = {} if model.name in WITHOUT_CONTENT else data.modalities
    features = sum(values.nbytes for values in content.values()) * 3
    widths = [min(CHANNEL_WIDTH, values.shape[1]) for values in content.values()]
    columns = sum(widths) if model.content.channel else 0
    neighbours = data.n_items * model.content.neighbours * (8 + FLOAT) * 2 * len(content)
    evaluation = EVALUATION_BATCH * data.n_items * FLOAT * 5 // 4
    channel = nodes * columns * FLOAT * 4  # offered and chosen, factual and adjusted
    steps = batch + scores + evaluation
    # the factors of the blend are solved for once the encoder's own steps are done
    if model.name == "causal" and wants_blend(model, data.n_users, data.n_items):
        steps = max(steps, SOLVED_BATCHES * CELLS * FLOAT)
    parts = graph + steps + features + neighbours + channel
    return int(RUNTIME_BYTES + tables + parts)


def check_memory(
    data: Interactions, model: ModelSettings, training: TrainingSettings, device: torch.device
) -> int:
    """Compare the estimate with free memory before anything is allocated; returns it in bytes.

    Raises:
        TrainingError: the estimate is above the limit.
    """
    need = estimate_bytes(data, model, training)
    refuse_too_large(
        need,
        training,
        device,
        "lower model.dim, training.batch or training.negatives, or use a larger machine",
    )
    return need


def refuse_too_large(need: int, training: TrainingSettings, device: torch.device, do: str) -> None:
    """Check that ``need`` bytes are available.

    Raises:
        TrainingError: they are not; raised before anything is allocated.
    """
    limit = int(training.max_memory_gib * GIB) or free_bytes(device)
    if need > limit:
        raise TrainingError(
            f"training needs about {need / GIB:.1f} GiB on {device.type}, {limit / GIB:.1f} GiB are free",
            do=do,
        )


def free_bytes(device: torch.device) -> int:
    """Memory still available on the device."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return available_bytes()
