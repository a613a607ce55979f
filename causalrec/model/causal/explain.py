"""Explanations of one score: its value with and without each adjustment, and the history behind it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats, Ints
from causalrec.model.base import ServingTables
from causalrec.model.blocks import unit_blocks
from causalrec.model.causal.channel_part import ChannelPart
from causalrec.model.causal.network import CausalNetwork
from causalrec.model.graph import inverse_root, unit_rows


@dataclass(frozen=True)
class HistoryItem:
    """A history item, its contribution to the score, and its weight in the graph."""

    item: int
    contribution: float
    weight: float


@dataclass(frozen=True)
class WeakenedEdge:
    """A history edge that was weakened or dropped, the evidence P(preference), and why."""

    item: int
    evidence: float
    weight: float
    why: str


@dataclass(frozen=True)
class ScorePart:
    """One additive part of a score: taste, demand, content, history, ..."""

    name: str
    value: float


@dataclass(frozen=True)
class Modules:
    """Which adjustments a fitted model makes."""

    backdoor: bool
    frontdoor: bool
    topology: bool


@dataclass(frozen=True)
class Explanation:
    """One (user, item) pair.

    Attributes:
        score: after all adjustments.
        without_backdoor: with the factual code instead of the expectation over codes; None if the model has
            no such module, as for the next two. without_frontdoor: with the mediator alone as user state.
        without_topology: on all observed edges, unweighted.
        coarse, fine: the item's codes, -1 without. code_name: the coarse code's name, empty without.
        kappa: point-wise evidence that a shared cause drives the item's modalities. gate: how far the
            adjustment acts on it.
        carried: history items by contribution, largest first. added: items the topology linked to the user.
        weakened: history edges below weight one, least evidence first.
        parts: for a model whose score is a sum, its terms; they add up to the score. Empty for others.
    """

    user: int
    item: int
    score: float
    without_backdoor: float | None
    without_frontdoor: float | None
    without_topology: float | None
    coarse: int
    fine: int
    code_name: str
    kappa: float
    gate: float
    carried: tuple[HistoryItem, ...]
    added: tuple[int, ...]
    weakened: tuple[WeakenedEdge, ...]
    parts: tuple[ScorePart, ...] = ()


@runtime_checkable
class Explainable(Protocol):
    """A fitted model that can explain its scores. Rows are in its own numbering of users and items."""

    def explain(self, user: int, item: int, history: int = 5) -> Explanation:
        """Explanation of the pair's score; at most ``history`` items of the user's history are named.

        Raises:
            TrainingError: not fitted, or the model has no such user or item.
        """

    def history(self, user: int) -> Ints:
        """Items that the user chose in training, ascending."""

    def score(self, users: Ints) -> Floats:
        """Scores (len(users), N) of all items."""

    def serving_tables(self) -> ServingTables | None:
        """The factorised form, or None if the model has none."""


@dataclass(frozen=True)
class ExplanationData:
    """What explanations need besides the serving tables.

    Attributes:
        mediator: (U, d + p) read-out before the front-door, and the summed content of the history, per
        block of columns (``widths``: d, then the modalities of the content channel). plain_users,
        plain_items: states on the observed graph.
        sent: (N, d + p) what an item sends to a user. kappa: (N,). popularity: (N,).
        start: (U + 1,) where a user's edges begin in items, weight, probability; user_scale (U,),
        item_scale (N,): the degrees of the graph, ^-1/2. added: (U, a).
    """

    mediator: Floats
    plain_users: Floats
    plain_items: Floats
    sent: Floats
    kappa: Floats
    start: npt.NDArray[np.int64]
    items: Ints
    weight: Floats
    probability: Floats
    user_scale: Floats
    item_scale: Floats
    added: Ints
    widths: Ints

    @staticmethod
    def read(network: CausalNetwork, part: ChannelPart) -> "ExplanationData":
        """Extracts them from a trained network."""
        encoded, plain = network.encode(network.edges.graph), network.encode(network.edges.full)
        plain_items = unit_rows(plain.items)
        if network.backdoor is not None:
            plain_items = network.backdoor.adjusted(plain_items, network.get_buffer("gate"))
        users, items = network.pairs
        order = np.lexsort((items, users))
        verdict, matrix = network.edges.verdict(), network.edges.matrix()
        user_degree, item_degree = (np.asarray(matrix.sum(axis=axis)).ravel() for axis in (1, 0))
        user_scale, item_scale = inverse_root(user_degree), inverse_root(item_degree)
        # content is not divided by the item's degree: undone here, so that one scale serves all columns
        undone = np.divide(1.0, item_scale, out=np.zeros_like(item_scale), where=item_scale > 0)
        summed = user_scale[:, None] * np.asarray(matrix @ part.seen, dtype=np.float32)
        return ExplanationData(
            np.concatenate([encoded.mediator.cpu().numpy(), summed], axis=1),
            np.concatenate([network.users_of(plain.mediator).cpu().numpy(), part.plain_tastes], axis=1),
            np.concatenate([plain_items.cpu().numpy(), part.adjusted], axis=1),
            np.concatenate([encoded.sent.cpu().numpy(), undone[:, None] * part.seen], axis=1),
            network.prepared.footprint.kappa,
            np.searchsorted(users[order], np.arange(network.shape[0] + 1)).astype(np.int64),
            items[order],
            verdict.weight[order],
            verdict.evidence[order],
            user_scale,
            item_scale,
            network.edges.added(),
            np.array([network.settings.dim, *part.channel.widths], dtype=np.int32),
        )

    def pack(self) -> dict[str, npt.NDArray[Any]]:
        """Arrays for a saved model."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @staticmethod
    def unpack(arrays: Mapping[str, npt.NDArray[Any]]) -> "ExplanationData":
        """The inverse of :meth:`pack`."""
        return ExplanationData(**arrays)


def explain_pair(
    user: int,
    item: int,
    tables: ServingTables,
    evidence: ExplanationData,
    history: int,
    modules: Modules,
) -> Explanation:
    """Assembles the explanation of one pair; ``history`` is how many history items are listed.

    Args:
        modules: modules of the model; the score is broken down by these only.
    """
    state, target = tables.users[user], tables.items[item]
    mediator = unit_blocks(evidence.mediator[user][None], tuple(evidence.widths))[0]
    coarse = int(tables.coarse[item])
    return Explanation(
        user,
        item,
        float(state @ target),
        float(state @ tables.items_unadjusted[item]) if modules.backdoor else None,
        float(mediator @ target) if modules.frontdoor else None,
        float(evidence.plain_users[user] @ evidence.plain_items[item]) if modules.topology else None,
        coarse,
        int(tables.fine[item]),
        tables.code_names[coarse] if coarse >= 0 and tables.code_names else "",
        float(evidence.kappa[item]),
        float(tables.gate[item]),
        _carried(user, target, evidence)[:history],
        tuple(int(i) for i in evidence.added[user] if i >= 0),
        _weakened(user, tables, evidence),
    )


def _carried(user: int, target: Floats, evidence: ExplanationData) -> tuple[HistoryItem, ...]:
    """Each history item's share of the cosines, as the mediator is linear in the messages of the history."""
    edges = slice(int(evidence.start[user]), int(evidence.start[user + 1]))
    items, weight = evidence.items[edges], evidence.weight[edges]
    scale = weight * evidence.user_scale[user] * evidence.item_scale[items]
    starts = np.concatenate([[0], np.cumsum(evidence.widths)[:-1]])
    length = np.sqrt(np.add.reduceat(np.square(evidence.mediator[user]), starts))
    share = scale * (evidence.sent[items] @ (target / np.repeat(np.maximum(length, 1e-12), evidence.widths)))
    order = np.argsort(-share, kind="stable")
    return tuple(HistoryItem(int(items[i]), float(share[i]), float(weight[i])) for i in order)


def _weakened(user: int, tables: ServingTables, evidence: ExplanationData) -> tuple[WeakenedEdge, ...]:
    edges = slice(int(evidence.start[user]), int(evidence.start[user + 1]))
    items, weight, sure = evidence.items[edges], evidence.weight[edges], evidence.probability[edges]
    cosines = tables.items[items] @ tables.users[user]
    typical, usual = float(np.mean(cosines)) if items.size else 0.0, np.median(tables.popularity)
    found = []
    for i in np.argsort(sure, kind="stable"):
        if weight[i] < 1.0:
            why = "less like the rest of the history" if cosines[i] < typical else "little beyond popularity"
            if cosines[i] < typical and tables.popularity[items[i]] > usual:
                why += ", and a popular item"
            found.append(WeakenedEdge(int(items[i]), float(sure[i]), float(weight[i]), why))
    return tuple(found)
