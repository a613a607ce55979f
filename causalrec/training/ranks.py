"""Several processes that train one model: equal state everywhere, averaged gradients, one leader.

Started by ``torchrun``; every process holds the whole data and takes its rows of each batch. Rank 0 leads: it
alone resumes, validates and writes checkpoints, and broadcasts its decisions to the others. A single process
is one rank, for which all of this does nothing.
"""

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from causalrec.config.model import TrainingSettings
from causalrec.errors import TrainingError
from causalrec.model.network import FactorNetwork
from causalrec.training.device import choose_device


@dataclass(frozen=True)
class Ranks:
    """The processes of this run, as seen from one of them."""

    device: torch.device
    rank: int = 0
    count: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process decides and writes."""
        return self.rank == 0

    def average(self, parameters: Iterable[Tensor], share: float) -> None:
        """Replaces every gradient by the sum over ranks of ``share`` times it; shares add up to one."""
        if self.count == 1:
            return
        held = [p for p in parameters if p.requires_grad]
        grads = [torch.zeros_like(p) if p.grad is None else p.grad * share for p in held]
        flat = torch.cat([grad.reshape(-1) for grad in grads])
        dist.all_reduce(flat)
        for parameter, part in zip(held, torch.split(flat, [grad.numel() for grad in grads]), strict=True):
            parameter.grad = part.view_as(parameter)

    def total(self, value: Tensor) -> Tensor:
        """Sum over ranks of ``value``."""
        if self.count > 1:
            dist.all_reduce(value)
        return value

    def told(
        self, tensors: dict[str, Tensor], facts: dict[str, Any]
    ) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """The leader's tensors (any names and shapes) and JSON facts; those of other ranks are ignored."""
        if self.count == 1:
            return tensors, facts
        kinds = {name: [str(value.dtype), list(value.shape)] for name, value in tensors.items()}
        header = json.loads(self._bytes(json.dumps([facts, kinds]).encode()))
        found: dict[str, Tensor] = {}
        for name, (dtype, shape) in header[1].items():
            kind = getattr(torch, dtype.removeprefix("torch."))
            value = tensors[name].detach() if self.leads else torch.empty(shape, dtype=kind)
            value = value.to(self.device).contiguous().reshape(-1)
            dist.broadcast(value.view(torch.uint8), src=0)  # any type travels as bytes
            found[name] = value.reshape(shape)
        return found, header[0]

    def share_buffers(self, network: FactorNetwork) -> None:
        """Copies the leader's buffers after a refresh; rounding must not let the ranks drift apart."""
        if self.count == 1:
            return
        buffers = dict(network.named_buffers())
        own = {name: buffers[name] for name in network.state_dict() if name in buffers}
        changed = False
        for name, value in self.told(own, {})[0].items():
            changed |= not torch.equal(value, own[name])
            own[name].copy_(value)
        if changed:
            network.rebuild()

    def agree(self, key: str) -> None:
        """Refuses ranks that would train on different data or settings than the leader.

        Raises:
            TrainingError: this rank's ``key`` differs.
        """
        if self.told({}, {"key": key})[1]["key"] != key:
            raise TrainingError(
                f"rank {self.rank} has other data or settings than rank 0",
                do="start all ranks on the same dataset",
            )

    def _bytes(self, own: bytes) -> bytes:
        size = torch.tensor([len(own)], device=self.device)
        dist.broadcast(size, src=0)
        sent = torch.empty(int(size), dtype=torch.uint8, device=self.device)
        if self.leads:
            sent.copy_(torch.frombuffer(bytearray(own), dtype=torch.uint8))
        dist.broadcast(sent, src=0)
        return bytes(sent.cpu().numpy())


def present_ranks(device: torch.device) -> Ranks:
    """The ranks that :func:`joined_ranks` has joined, or the one of a process on its own."""
    if not (dist.is_available() and dist.is_initialized()):
        return Ranks(device)
    return Ranks(device, dist.get_rank(), dist.get_world_size())


def launched() -> bool:
    """Whether torchrun started this process."""
    return bool(dist.is_available() and dist.is_torchelastic_launched())


@contextmanager
def joined_ranks(settings: TrainingSettings) -> Iterator[Ranks]:
    """Joins the processes that torchrun started (gloo on CPUs, nccl on GPUs) and leaves the group at the end.

    Waiting for another rank fails after ``training.rank_timeout`` seconds.
    """
    device = choose_device(settings.device)
    on_gpu = device.type == "cuda"
    wait = dt.timedelta(seconds=settings.rank_timeout)
    dist.init_process_group("nccl" if on_gpu else "gloo", timeout=wait)
    try:
        if on_gpu:
            torch.cuda.set_device(dist.get_rank() % torch.cuda.device_count())
        yield present_ranks(device)
    finally:
        dist.destroy_process_group()
