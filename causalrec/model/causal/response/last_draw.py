"""The last draw of a fitted response model, from which a fit to nearly the same looks can continue."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from causalrec.dataset.arrays import Floats, Ints
from causalrec.model.causal.response.sampler import Sampler

USERS, ITEMS = ("taste", "bias"), ("merit", "demand")
SCALES = ("taste", "merit", "bias", "demand", "map", "effects")
OBSERVED = ("examined", "offset", "slope", "deeper_by_accident")


@dataclass(frozen=True)
class LastDraw:
    """One draw of everything that the sampler draws.

    Attributes:
        taste, bias: float32 (U, d), (U,) of users. merit, demand: (N, d), (N,) of items.
        base: (). coefficients: (p, d) from content to merit. effects: on demand.
        scales, observed: by name, as in :class:`Scales` and :class:`Observation`.
        accident: probability that a response was not intended.
    """

    taste: Floats
    bias: Floats
    merit: Floats
    demand: Floats
    base: Floats
    coefficients: Floats
    effects: Floats
    scales: Mapping[str, Floats]
    observed: Mapping[str, Floats]
    accident: Floats

    @staticmethod
    def of(sampler: Sampler) -> "LastDraw":
        """The last draw of ``sampler``."""
        state, prior = sampler.state, sampler.prior
        return LastDraw(
            _array(state.taste), _array(state.bias), _array(state.merit), _array(state.demand),
            _array(state.base), _array(prior.map), _array(prior.effects),
            {name: _array(getattr(sampler.scales, name)) for name in SCALES},
            {name: _array(getattr(sampler.observation, name)) for name in OBSERVED},
            np.array(sampler.observation.accident, dtype=np.float32),
        )  # fmt: skip

    def renumbered(self, users: Ints, items: Ints) -> "LastDraw":
        """The same for other rows.

        Args:
            users: (U',) row of each user here, -1 for a user who is not, who starts at the overall mean.
            items: (N',) alike.
        """
        rows = {name: _taken(getattr(self, name), users) for name in USERS}
        rows |= {name: _taken(getattr(self, name), items) for name in ITEMS}
        return LastDraw(**{**{field.name: getattr(self, field.name) for field in fields(self)}, **rows})

    def resume(self, sampler: Sampler) -> None:
        """Sets ``sampler`` to this draw.

        Parts of a different shape, because the strata of looks or the levels of a code have changed, start
        afresh.
        """
        for name in (*USERS, *ITEMS, "base"):
            _put(sampler.state, name, getattr(self, name))
        _put(sampler.prior, "map", self.coefficients)
        _put(sampler.prior, "effects", self.effects)
        for name, value in self.scales.items():
            _put(sampler.scales, name, value)
        for name, value in self.observed.items():
            _put(sampler.observation, name, value)
        sampler.observation.accident = float(self.accident)

    def pack(self) -> dict[str, npt.NDArray[Any]]:
        """Arrays by name."""
        flat: dict[str, npt.NDArray[Any]] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Mapping):
                flat |= {f"{field.name}.{name}": array for name, array in value.items()}
            else:
                flat[field.name] = value
        return flat

    @staticmethod
    def unpack(arrays: Mapping[str, npt.NDArray[Any]]) -> "LastDraw | None":
        """The inverse of :meth:`pack`; None for models of older code, which did not store one."""
        if not arrays:
            return None
        parts: dict[str, Any] = {"scales": {}, "observed": {}}
        for name, array in arrays.items():
            group, _, inner = name.partition(".")
            if inner:
                parts[group][inner] = array
            else:
                parts[name] = array
        return LastDraw(**parts)


def _array(value: Tensor) -> Floats:
    found: Floats = value.float().cpu().numpy()
    return found


def _taken(rows: Floats, places: Ints) -> Floats:
    known = rows[np.maximum(places, 0)]
    return np.where((places >= 0).reshape(-1, *[1] * (rows.ndim - 1)), known, rows.mean(axis=0)).astype(
        np.float32
    )


def _put(target: object, name: str, value: Floats) -> None:
    present: Tensor = getattr(target, name)
    if present.shape == value.shape:
        setattr(target, name, torch.as_tensor(value, dtype=present.dtype, device=present.device))
