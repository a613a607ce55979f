"""The causal recommender for data with pairs only: offline stage, training, tables, newcomers."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from causalrec.config.model import ModelSettings
from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.errors import TrainingError
from causalrec.model.base import FitReport, Judge, Progress, SavedModel, ServingTables
from causalrec.model.causal.channel_part import ChannelPart, attach_channel
from causalrec.model.causal.cold import ContentPath, under
from causalrec.model.causal.explain import Explanation, ExplanationData, Modules, explain_pair
from causalrec.model.causal.exposure import debiased_validation, log_exposure
from causalrec.model.causal.frontdoor import FrontdoorAdjustment
from causalrec.model.causal.naming import name_codes
from causalrec.model.causal.network import CausalNetwork
from causalrec.model.causal.prepare import prepare
from causalrec.model.factors import FactorRecommender, item_popularity
from causalrec.model.graph import unit_rows
from causalrec.model.network import Trainer
from causalrec.model.read_out import ReadOut


class GraphRecommender(FactorRecommender):
    """Deconfounded multimodal recommender, built from the abstract of arXiv 2510.12325 with our own
    mathematics.

    Four modules, each with a switch in the settings: confounder (diffusion), back-door (codebook and
    adjustment), topology, front-door. Works with any number of modalities; without any, only topology and
    front-door act.
    """

    name = "causal"

    def __init__(self, settings: ModelSettings, trainer: Trainer, judge: Judge) -> None:
        self.settings = settings
        self.trainer = trainer
        self.judge = judge
        self.evidence: ExplanationData | None = None
        self.cold: ContentPath | None = None
        self.frontdoor: FrontdoorAdjustment | None = None
        self.findings: dict[str, float] = {}

    def fit(self, data: Interactions, *, progress: Progress | None = None) -> FitReport:
        """Offline stage on items, then training with early stopping on ``data.valid``."""
        prepared = prepare(data, self.settings, self.trainer.seed)
        torch.manual_seed(self.trainer.seed)
        device = self.trainer.device
        network = CausalNetwork(data, prepared, self.settings, self.trainer).to(device)
        judged = self.judged(data)
        report = self.trainer(network, judged, progress)
        codes = prepared.codebook.coarse.shape[0] if prepared.codebook else 0
        names = name_codes(prepared.codes[0], codes, data.item_attributes)
        with torch.no_grad():
            network.eval()
            part, heard = attach_channel(network, judged, self.settings, self.judge, self.trainer.seed)
            self.tables = _tables(network, part, names)
            self.fold = np.concatenate([_fold(network), part.seen], axis=1)
            self.evidence = ExplanationData.read(network, part)
            self.cold = ContentPath.read(network, part.channel)
        self.frontdoor = None if network.frontdoor is None else network.frontdoor.cpu()
        self.findings = _findings(network) | heard
        return report

    def judged(self, data: Interactions) -> Interactions:
        """``data`` with the validation pairs that choices are made on."""
        if not self.settings.exposure.offset:
            return data
        return debiased_validation(data, log_exposure(item_popularity(data)), self.trainer.seed)

    def read_out(self) -> ReadOut:
        """The encoder's message through the front-door, and the mean content of the history.

        Raises:
            TrainingError: not fitted.
        """
        if self.fold is None or self.cold is None:
            raise TrainingError("the causal model is not fitted", do="call fit or load a saved model first")
        widths = self.cold.channel.widths
        attention = None if self.frontdoor is None else self.frontdoor.folded()
        return ReadOut((self.fold.shape[1] - sum(widths), *widths), attention=attention)

    def history(self, user: int) -> Ints:
        """Items of the user's training pairs, ascending.

        Raises:
            TrainingError: not fitted.
        """
        if self.evidence is None:
            raise TrainingError("the causal model is not fitted", do="call fit or load a saved model first")
        start = self.evidence.start
        return self.evidence.items[start[user] : start[user + 1]]

    def explain(self, user: int, item: int, history: int = 5) -> Explanation:
        """The effect of every module on the score of one pair.

        Raises:
            TrainingError: not fitted, or an id outside the tables.
        """
        tables, evidence = self.serving_tables(), self.evidence
        if evidence is None or self.fold is None:
            raise TrainingError("the causal model is not fitted", do="call fit or load a saved model first")
        if not (0 <= user < tables.users.shape[0] and 0 <= item < tables.items.shape[0]):
            raise TrainingError(f"no user {user} or no item {item}", do="use ids of the fitted dataset")
        modules = Modules(
            backdoor=bool(tables.gate.any()),
            frontdoor=self.frontdoor is not None and self.frontdoor.ready,
            topology=self.settings.topology.enabled,
        )
        return explain_pair(user, item, tables, evidence, history, modules)

    def item_states_for(self, modalities: Mapping[str, Floats]) -> Floats:
        """Adjusted states (n, d + p) of items that were not in training, from their content rows alone.

        Each state is the content path of the model and the read-out of the nearest known items, modulated
        by the codes that the content gets; an item without any content has a zero state (score zero for
        everybody).
        """
        if self.cold is None:
            raise TrainingError("the causal model is not fitted", do="call fit or load a saved model first")
        return self.cold.states(modalities)

    def saved(self) -> SavedModel:
        """Tables, evidence for explanations, and the content path."""
        base = super().saved()
        if self.evidence is None or self.cold is None:
            raise TrainingError("the causal model is not fitted", do="call fit first")
        cold_arrays, cold_facts = self.cold.pack()
        arrays: dict[str, npt.NDArray[Any]] = dict(base.arrays)
        arrays |= {f"evidence.{name}": array for name, array in self.evidence.pack().items()}
        arrays |= {f"cold.{name}": array for name, array in cold_arrays.items()}
        if self.frontdoor is not None:
            state = self.frontdoor.state_dict()
            arrays |= {f"frontdoor.{name}": value.numpy() for name, value in state.items()}
        facts = {**base.facts, "cold": cold_facts, "findings": self.findings}
        return SavedModel(arrays, facts)

    def restore(self, saved: SavedModel) -> None:
        """Restores the tables, the evidence and the content path."""
        super().restore(saved)
        self.evidence = ExplanationData.unpack(under("evidence.", saved.arrays))
        self.cold = ContentPath.unpack(under("cold.", saved.arrays), saved.facts["cold"], self.settings)
        state = {name: torch.from_numpy(v) for name, v in under("frontdoor.", saved.arrays).items()}
        if state:
            tables = self.serving_tables()
            dim = tables.users.shape[1] - sum(self.cold.channel.widths)
            part = FrontdoorAdjustment(dim, tables.users.shape[0], self.settings.frontdoor)
            part.load_state_dict(state)
            self.frontdoor = part
        self.findings = dict(saved.facts["findings"])


def _tables(network: CausalNetwork, part: ChannelPart, names: tuple[str, ...]) -> ServingTables:
    users, adjusted = network.serving()
    _, factual = network.factual()
    coarse, fine = network.prepared.codes
    gate = network.get_buffer("gate").cpu().numpy()
    used = gate if network.backdoor is not None else np.zeros_like(gate)
    states = np.concatenate([users.cpu().numpy(), part.tastes], axis=1)
    items = np.concatenate([adjusted.cpu().numpy(), part.adjusted], axis=1)
    content = (states, items) if used.any() else (None, None)  # nothing is adjusted without a gate
    return ServingTables(
        states,
        items,
        np.concatenate([factual.cpu().numpy(), part.factual], axis=1),
        network.popularity,
        coarse,
        fine,
        used,
        names,
        content_users=content[0],
        content_items=content[1],
    )


def _fold(network: CausalNetwork) -> Floats:
    """What each item adds to a new user's mediator: the encoder's own message, normalised by item degree."""
    encoded = network.encode(network.edges.graph)
    degree = np.asarray(network.edges.matrix().sum(axis=0)).ravel()
    scale = np.where(degree > 0, 1.0 / np.sqrt(np.maximum(degree, 1e-9)), 1.0)
    states = encoded.sent if network.settings.layers else unit_rows(encoded.items)
    folded: Floats = (states.cpu().numpy() * scale[:, None]).astype(np.float32)
    return folded


def _findings(network: CausalNetwork) -> dict[str, float]:
    """Numbers on the modules, for the report of a run."""
    verdict, prepared = network.edges.verdict(), network.prepared
    facts = {f"r2/{name}": value for name, value in prepared.confounder.r2.items()}
    facts |= {f"nats/{name}": value for name, value in prepared.confounder.nats.items()}
    facts |= {f"channel/{way}/{name}": 1.0 for name, way in prepared.confounder.ways.items()}
    facts |= {"gate/mean": float(prepared.footprint.gate.mean())}
    facts |= {"content/modalities": float(len(prepared.whitenings))}
    if prepared.codebook is not None:
        facts |= {f"codebook/{name}": value for name, value in prepared.codebook.facts().items()}
    facts |= {
        "edges/kept_share": float(verdict.kept.mean()),
        "edges/mean_weight": float(verdict.weight.mean()),
    }
    facts["edges/added"] = float((network.edges.added() >= 0).sum())
    return facts
