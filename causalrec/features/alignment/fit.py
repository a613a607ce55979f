"""Trains the two projections of the lite model contrastively, on the outputs of frozen towers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, dropout, normalize

from causalrec.config.align import AlignSettings
from causalrec.features.alignment.pairs import ContentPairs, Split
from causalrec.features.alignment.retrieval import Retrieval, measure_retrieval
from causalrec.features.alignment.start import closed_form

TEMPERATURE = 0.05  # initial temperature of the softmax; it is trained too
LEARNING_RATE = 1e-3  # step size of Adam
WEIGHT_DECAY = 0.1  # of the projections
DROPOUT = 0.2  # dropout on the towers' outputs
PATIENCE = 8  # epochs without a better validation recall after which training stops
CUTOFFS = (1, 5, 10)  # cut-offs of the reported recalls

Floats = npt.NDArray[np.float32]
MAX_LOGIT_SCALE = float(np.log(100.0))  # as CLIP caps it (Radford et al. 2021, section 2.5)


@dataclass(frozen=True)
class Projections:
    """Linear maps without bias, (dim, d) for pictures and (dim, e) for texts, and the trained logit scale."""

    image: Floats
    text: Floats
    logit_scale: float

    def measure(self, pairs: ContentPairs) -> Retrieval:
        """Recalls of ``pairs`` in the shared space."""
        image, text = pairs.image @ self.image.T, pairs.text @ self.text.T
        return measure_retrieval(image, text, pairs.image_of, pairs.text_of, CUTOFFS)


@dataclass(frozen=True)
class Aligned:
    """The best projections of a training run, by validation recall, and their history.

    ``history`` holds one validation recall per epoch, the closed-form start first; ``best_epoch`` counts
    from 0 for that start.
    """

    projections: Projections
    history: tuple[float, ...]
    best_epoch: int


def untrained(split: Split, settings: AlignSettings, seed: int) -> Projections:
    """The baseline: random projections, which the lite model has before it is aligned."""
    generator = np.random.default_rng(seed)
    image = generator.normal(size=(settings.dim, split.train.image.shape[1])).astype(np.float32)
    text = generator.normal(size=(settings.dim, split.train.text.shape[1])).astype(np.float32)
    return Projections(image, text, 0.0)


def started(split: Split, settings: AlignSettings) -> Projections:
    """The closed-form start, before any epoch."""
    return Projections(*closed_form(split.train, settings), float(-np.log(TEMPERATURE)))


def align(
    split: Split, settings: AlignSettings, seed: int, on_epoch: Callable[[int, float], None] | None = None
) -> Aligned:
    """Symmetric InfoNCE (van den Oord et al. 2018; Radford et al. 2021, figure 3) from the closed form on.

    The towers are frozen, so only their outputs are needed. Pairs of a batch that share a picture or a text
    are not negatives of each other. The epoch with the best validation recall, averaged over cut-offs and
    directions, is kept; held-out pairs are never used.
    """
    best = started(split, settings)
    history = [best.measure(split.valid).overall()]
    best_epoch, network = 0, _Network(best)
    groups = [
        {"params": [network.image, network.text], "weight_decay": WEIGHT_DECAY},
        {"params": [network.logit_scale], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=LEARNING_RATE)
    generator = torch.Generator().manual_seed(seed)
    for epoch in range(1, settings.epochs + 1):
        _train_epoch(network, optimizer, split.train, settings, generator)
        found = network.projections()
        history.append(found.measure(split.valid).overall())
        if on_epoch is not None:
            on_epoch(epoch, history[-1])
        if history[-1] > history[best_epoch]:
            best, best_epoch = found, epoch
        if epoch - best_epoch >= PATIENCE:
            break
    return Aligned(best, tuple(history), best_epoch)


class _Network(nn.Module):
    """The two maps and the logit scale as parameters."""

    def __init__(self, start: Projections) -> None:
        super().__init__()
        self.image = nn.Parameter(torch.from_numpy(start.image.copy()))
        self.text = nn.Parameter(torch.from_numpy(start.text.copy()))
        self.logit_scale = nn.Parameter(torch.tensor(start.logit_scale))

    def projections(self) -> Projections:
        """A copy of the parameters."""
        return Projections(
            self.image.detach().numpy().copy(),
            self.text.detach().numpy().copy(),
            self.logit_scale.detach().item(),
        )


def _train_epoch(
    network: _Network,
    optimizer: torch.optim.Optimizer,
    pairs: ContentPairs,
    settings: AlignSettings,
    generator: torch.Generator,
) -> None:
    image, text = torch.from_numpy(pairs.image), torch.from_numpy(pairs.text)
    image_of, text_of = torch.from_numpy(pairs.image_of), torch.from_numpy(pairs.text_of)
    batches = max(1, round(len(pairs) / settings.batch_size))
    for rows in torch.randperm(len(pairs), generator=generator).tensor_split(batches):
        with torch.random.fork_rng():
            torch.manual_seed(int(torch.randint(2**62, (1,), generator=generator)))
            seen_image, seen_text = (dropout(side[rows], DROPOUT) for side in (image, text))
        loss = contrast(
            normalize(seen_image @ network.image.T),
            normalize(seen_text @ network.text.T),
            same_content(image_of[rows], text_of[rows]),
            network.logit_scale,
        )
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        with torch.no_grad():
            network.logit_scale.clamp_(max=MAX_LOGIT_SCALE)


def same_content(image_of: Tensor, text_of: Tensor) -> Tensor:
    """(b, b) bool: different pairs that share a picture or a text, which must not count as negatives."""
    shared = (image_of[:, None] == image_of) | (text_of[:, None] == text_of)
    return shared & ~torch.eye(len(image_of), dtype=torch.bool)


def contrast(image: Tensor, text: Tensor, left_out: Tensor, logit_scale: Tensor) -> Tensor:
    """Mean cross entropy of both directions over unit vectors (b, d); ``left_out`` cells have no weight."""
    logits = (logit_scale.exp() * image @ text.T).masked_fill(left_out, float("-inf"))
    target = torch.arange(len(image))
    return (cross_entropy(logits, target) + cross_entropy(logits.T, target)) / 2
