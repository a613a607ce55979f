"""The protocols between the training loop and a learned model."""

from abc import ABC, abstractmethod
from typing import Protocol

import torch
from torch import Tensor, nn

from causalrec.dataset.arrays import Interactions, Looks
from causalrec.model.base import FitReport, Progress


class FactorNetwork(nn.Module, ABC):
    """Two tables of states; the loop chooses pairs, negatives, loss and when to stop.

    Everything that training changes outside the parameters must be a registered buffer of constant shape, so
    that a checkpoint of ``state_dict`` restores it.
    """

    @abstractmethod
    def tables(self) -> tuple[Tensor, Tensor]:
        """User states (U, d) and item states (N, d) for the loss, differentiable; rows of length one."""

    @abstractmethod
    def serving(self) -> tuple[Tensor, Tensor]:
        """User and item states for ranking: the same, after test-time adjustments."""

    def liking(self, users: Tensor, items: Tensor) -> tuple[Tensor, Tensor]:
        """The part of :meth:`tables` on what is liked once it is shown; all of it by default."""
        return users, items

    def begin_epoch(self, epoch: int) -> None:
        """Called before each epoch (0-based), also after a resume, to refresh what follows a schedule."""

    def rebuild(self) -> None:
        """Called after a ``state_dict`` was loaded: recompute what is derived from buffers."""

    def penalty(self, users: Tensor, items: Tensor) -> Tensor:
        """An additional loss on the batch's ids of users and items; zero by default."""
        return torch.zeros((), device=items.device)


class FoldedNetwork(FactorNetwork):
    """A network whose states of new users are sums over their histories."""

    @abstractmethod
    def fold(self) -> Tensor:
        """What an item adds to the state of a new user, (N, d)."""


class Trainer(Protocol):
    """Fits a network in place and leaves it at its best validation state."""

    @property
    def device(self) -> torch.device:
        """Device of the network."""
        ...

    @property
    def seed(self) -> int:
        """Seed of initialisation and of everything random."""
        ...

    @property
    def temperature(self) -> float:
        """What the loss divides scores by."""
        ...

    def require_memory(self, data: Interactions, looks: Looks) -> None:
        """Check that there is enough memory for a fit of the response model to ``looks``.

        Raises:
            TrainingError: there is not.
        """

    def __call__(
        self, network: FactorNetwork, data: Interactions, progress: Progress | None = None
    ) -> FitReport: ...
