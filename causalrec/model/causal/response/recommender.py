"""The response model as a recommender: tables to serve, newcomers, explanations."""

import time
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from causalrec.config.model import ModelSettings
from causalrec.dataset.arrays import Floats, Interactions, Ints, Looks
from causalrec.errors import TrainingError
from causalrec.model.base import FitReport, Judge, Progress, SavedModel, ServingTables
from causalrec.model.causal.cold import under
from causalrec.model.causal.explain import Explanation
from causalrec.model.causal.prepare import deal_out
from causalrec.model.causal.response.design import CONTENT_WIDTH, Design, item_design
from causalrec.model.causal.response.edges import edge_preference
from causalrec.model.causal.response.explain import explain_response
from causalrec.model.causal.response.item_facts import ItemFacts, item_facts
from causalrec.model.causal.response.logged import by_logged, exposure_weight, log_exposure
from causalrec.model.causal.response.part import ResponsePart, fit_response
from causalrec.model.causal.response.purchase import by_purchase, worth_of_front_door
from causalrec.model.causal.response.raw import raw_tables
from causalrec.model.causal.response.resumed import Resumed
from causalrec.model.causal.response.rows import judged_looks
from causalrec.model.factors import FactorRecommender, item_popularity
from causalrec.model.network import Trainer
from causalrec.model.read_out import GaussianReadOut


class ResponseRecommender(FactorRecommender):
    """score(u, i): the logit of the chance that user u responds to item i once it is shown. With the setting
    ``order = "purchase"`` it ranks by the chance of a purchase instead (:mod:`.purchase`), with "logged" by
    what will be chosen anyway (:mod:`.logged`).

    ``content_users`` and ``content_items`` of the tables rank by the content effect: taste and merit alone,
    without the demand that belongs to brand, category or fashion. ``raw_users`` and ``raw_items`` are those
    of a plain factorisation of what was chosen (PureSVD), which adjusts for nothing. ``exposure`` is what
    being shown often adds if lists are to follow what will be chosen anyway.

    Attributes:
        exposure_weight: of log exposure, found by an earlier fit on validation; a fit without validation
            pairs reuses it. None: not found yet.
        resumes: the state of a fit to nearly the same looks, in the numbering of the data to fit.
    """

    name = "causal"

    def __init__(self, settings: ModelSettings, trainer: Trainer, judge: Judge) -> None:
        self.settings, self.trainer, self.judge = settings, trainer, judge
        self.part: ResponsePart | None = None
        self.exposure_weight: float | None = None
        self.resumes: Resumed | None = None

    @property
    def findings(self) -> dict[str, float]:
        """Numbers on the observation of responses, and the weight of log exposure."""
        weight = {} if self.exposure_weight is None else {"response/exposure_weight": self.exposure_weight}
        return {**self._fitted().findings, **weight}

    def fit(self, data: Interactions, *, progress: Progress | None = None) -> FitReport:
        """Learns from the looks not used to judge it: neither held-out pairs nor random exposure."""
        looks = judged_looks(data)
        if looks is None:
            raise TrainingError("no looks are logged", do="fit the model to the pairs")
        self.trainer.require_memory(data, looks)
        codes = None if self.resumes is None else self.resumes.codes
        facts = item_facts(data, self.settings, self.trainer.seed, codes)
        return self._fit(data, looks, facts, progress)

    def _fit(
        self, data: Interactions, looks: Looks, facts: ItemFacts, progress: Progress | None
    ) -> FitReport:
        began, settings = time.perf_counter(), self.settings.response
        history: list[dict[str, float]] = []

        def on_sweep(number: int, base: float) -> None:
            history.append({"base": base, "seconds": time.perf_counter() - began})
            if progress is not None:
                progress(number + 1, {"base": base})

        shape = (data.n_users, data.n_items)
        design = self._design(data, facts)
        whitenings = facts.codes.whitenings if settings.content else {}
        start = None
        if self.resumes is not None:
            start = self.resumes.last
            settings = settings.model_copy(update={"sweeps": self.resumes.sweeps})
        self.part = fit_response(
            looks, shape, design, whitenings, settings, self.trainer.seed, on_sweep, start
        )
        self.worth = worth_of_front_door(self.part, data, settings)
        exposure = self._exposure(self.part, data, looks)
        if settings.order == "purchase":
            self.part = by_purchase(self.part, looks, data)
        elif settings.order == "logged":
            self.part = by_logged(self.part, exposure)
        self.tables = _tables(self.part, data, facts, self.trainer.seed)
        if settings.order == "response":
            self.tables = replace(self.tables, exposure=exposure)
        self.fold = self.part.items
        seconds = time.perf_counter() - began
        return FitReport(len(history), len(history), seconds, seconds / len(history), tuple(history))

    def _exposure(self, part: ResponsePart, data: Interactions, looks: Looks) -> Floats:
        """What being shown often adds to the score of every item, (N,)."""
        exposure = log_exposure(looks, data.n_items)
        if data.valid.shape[1] or self.exposure_weight is None:
            self.exposure_weight = exposure_weight(
                part, exposure, data, self.judge, self.settings.blend, self.trainer.seed
            )
        weighted: Floats = exposure * np.float32(self.exposure_weight)
        return weighted

    def _design(self, data: Interactions, facts: ItemFacts) -> Design:
        settings = self.settings.response
        codes = facts.codes.of if settings.codes else ()
        attributes = dict(data.item_attributes) if settings.codes else {}
        if settings.shuffled_codes:
            order = np.random.default_rng(self.trainer.seed).permutation(data.n_items)
            attributes = {name: tuple(np.asarray(values)[order]) for name, values in attributes.items()}
            codes = deal_out(facts.codes.of, self.trainer.seed)
        content = facts.content if settings.content else replace(facts.content, white={})
        return item_design(content, attributes, codes, self.trainer.device)

    def read_out(self) -> GaussianReadOut:
        """The small linear solve that gives a new user a state."""
        prior = self._fitted().prior
        return GaussianReadOut(prior.precision, prior.mean)

    def history(self, user: int) -> Ints:
        """Items that the user responded to, ascending."""
        items, _, responses = self._fitted().looked.of(user)
        chosen: Ints = np.sort(items[responses > 0])
        return chosen

    def edge_preference(self, pairs: Ints) -> Floats:
        """P(preference | what was logged) (n,) of ``pairs`` (2, n); NaN if there was no response."""
        return edge_preference(self._fitted().looked, pairs)

    def explain(self, user: int, item: int, history: int = 5) -> Explanation:
        """See :func:`explain_response`.

        Raises:
            TrainingError: not fitted, or an id outside the tables.
        """
        tables = self.serving_tables()
        if not (0 <= user < tables.users.shape[0] and 0 <= item < tables.items.shape[0]):
            raise TrainingError(f"no user {user} or no item {item}", do="use ids of the fitted dataset")
        shown = 0.0
        if self.settings.response.order == "logged":
            shown = float(tables.items[item, -1] - tables.items[:, -1].mean())
        return explain_response(user, item, tables, self._fitted(), history, shown)

    def item_states_for(self, modalities: Mapping[str, Floats]) -> Floats:
        """States (n, d) of new items from their content; the average item's without content.

        Raises:
            TrainingError: not fitted, or the modalities differ in rows.
        """
        counts = {values.shape[0] for values in modalities.values()}
        if len(counts) != 1:
            raise TrainingError(
                f"modalities have {sorted(counts)} rows", do="give one row per item in every modality"
            )
        return self._fitted().item_states(modalities, counts.pop(), CONTENT_WIDTH)

    def saved(self) -> SavedModel:
        """Tables, and what newcomers and explanations need."""
        base = super().saved()
        arrays, facts = self._fitted().pack()
        named = {f"response.{name}": array for name, array in arrays.items()}
        facts["exposure_weight"] = self.exposure_weight
        return SavedModel({**base.arrays, **named}, {**base.facts, "response": facts})

    def restore(self, saved: SavedModel) -> None:
        """Restores all of it."""
        super().restore(saved)
        facts = saved.facts["response"]
        self.part = ResponsePart.unpack(under("response.", saved.arrays), facts)
        self.exposure_weight = facts.get("exposure_weight")  # not in models of older code

    def _fitted(self) -> ResponsePart:
        if self.part is None:
            raise TrainingError("the response model is not fitted", do="call fit or load a saved model first")
        return self.part


def _tables(part: ResponsePart, data: Interactions, facts: ItemFacts, seed: int) -> ServingTables:
    raw_users, raw_items = raw_tables(data, part.users.shape[1], seed)
    coarse, fine = facts.codes.of
    return ServingTables(
        part.users, part.items, part.items.copy(), item_popularity(data), coarse, fine,
        np.zeros(data.n_items, dtype=np.float32), facts.codes.names,
        raw_users=raw_users, raw_items=raw_items,
        content_users=part.content_users, content_items=part.content_items,
    )  # fmt: skip
