"""The causal recommender: the response given the look if looks are logged, else the graph of pairs."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from causalrec.config.bench import Value
from causalrec.config.model import ModelSettings
from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.errors import TrainingError
from causalrec.model.base import FitReport, Judge, Progress, SavedModel
from causalrec.model.causal.blend.blend import Blend
from causalrec.model.causal.blend.choice import BlendChoice
from causalrec.model.causal.blend.fit import fit_blend, wants_blend
from causalrec.model.causal.cold import under
from causalrec.model.causal.explain import Explanation
from causalrec.model.causal.graph_recommender import GraphRecommender
from causalrec.model.causal.response.raw import RANK, raw_tables
from causalrec.model.causal.response.recommender import ResponseRecommender
from causalrec.model.causal.response.resumed import Resumed
from causalrec.model.factors import FactorRecommender
from causalrec.model.network import Trainer
from causalrec.model.read_out import AnyReadOut, GaussianReadOut

RESPONSE, PAIRS = "response", "pairs"
Engine = GraphRecommender | ResponseRecommender


class CausalRecommender(FactorRecommender):
    """The default model; the kind of data decides the engine.

    If impressions, or several depths of response, are logged, it learns what people did when they looked
    (:class:`ResponseRecommender`); if there are only positive pairs, it is the deconfounded graph encoder
    (:class:`GraphRecommender`), blended with closed-form parts as far as they help on validation
    (:mod:`.blend`).

    Attributes:
        choice, exposure_weight: chosen by an earlier fit on validation; a fit without validation pairs reuses
            them.
        resumes: the state of a fit to nearly the same looks, to continue from; None: a fit from scratch.
    """

    name = "causal"
    space: ClassVar[Mapping[str, tuple[Value, ...]]] = {
        "model.dim": (64, 128, 256),
        "model.layers": (1, 2, 3),
        "model.topology.left_out": (0.0, 0.2, 0.4, 0.6),
        "model.topology.user_affinity": (0.0, 1.0, 2.0, 4.0),
        "model.topology.item_affinity": (0.0, 1.0, 2.0, 4.0),
        "training.learning_rate": (0.001, 0.002, 0.005, 0.01),
        "training.temperature": (0.15, 0.2, 0.25, 0.3),
    }
    response_space: ClassVar[Mapping[str, tuple[Value, ...]]] = {
        "model.response.dim": (6, 10, 16),
        "model.response.half_life": (0.0, 7.0, 30.0, 90.0),
    }

    def __init__(self, settings: ModelSettings, trainer: Trainer, judge: Judge) -> None:
        self.settings, self.trainer, self.judge = settings, trainer, judge
        self._engine: Engine | None = None
        self.blend: Blend | None = None
        self.choice: BlendChoice | None = None
        self.exposure_weight: float | None = None
        self.resumes: Resumed | None = None

    @property
    def engine(self) -> Engine:
        """The fitted model behind it.

        Raises:
            TrainingError: not fitted.
        """
        if self._engine is None:
            raise TrainingError("the causal model is not fitted", do="call fit or load a saved model first")
        return self._engine

    @property
    def findings(self) -> dict[str, float]:
        """Numbers about the modules, for the report of a run."""
        chosen = {} if self.blend is None else self.blend.choice.weights
        return self.engine.findings | {f"blend/weight/{name}": weight for name, weight in chosen.items()}

    def responds(self, data: Interactions) -> bool:
        """Whether it learns from looks rather than from pairs alone."""
        return self.settings.response.enabled and data.looks is not None and data.looks.count.size > 0

    def search_space(self, data: Interactions) -> Mapping[str, tuple[Value, ...]]:
        """The search space of the engine for ``data``."""
        return self.response_space if self.responds(data) else self.space

    def fit(self, data: Interactions, *, progress: Progress | None = None) -> FitReport:
        """Chooses the engine and fits it."""
        engine = self._engine = self._new(RESPONSE if self.responds(data) else PAIRS)
        if isinstance(engine, ResponseRecommender):
            engine.exposure_weight, engine.resumes = self.exposure_weight, self.resumes
        report = engine.fit(data, progress=progress)
        if isinstance(engine, ResponseRecommender):
            self.exposure_weight = engine.exposure_weight
        self.worth = engine.worth
        self._beside_raw(data)
        self._blend(data)
        self._assemble()
        return report

    def _beside_raw(self, data: Interactions) -> None:
        """Pairs alone say what a raw model says as well as looks do; the response model brings its own."""
        found = self.engine.serving_tables()
        if found.raw_users is None:
            users, items = raw_tables(data, RANK, self.trainer.seed)
            self.engine.tables = replace(found, raw_users=users, raw_items=items)

    def _blend(self, data: Interactions) -> None:
        self.blend, engine = None, self.engine
        if wants_blend(self.settings, data.n_users, data.n_items) and isinstance(engine, GraphRecommender):
            judged, seed, device = engine.judged(data), self.trainer.seed, self.trainer.device
            tables = engine.serving_tables()
            self.blend = fit_blend(tables, judged, self.settings, self.judge, seed, device, self.choice)
            self.choice = None if self.blend is None else self.blend.choice

    def _assemble(self) -> None:
        tables, fold = self.engine.serving_tables(), self.engine.fold
        self.tables, self.fold = tables, fold
        if self.blend is not None and fold is not None:
            self.tables, self.fold = self.blend.tables(tables), self.blend.fold(fold)

    def resumable(self, users: Ints, items: Ints) -> Resumed | None:
        """Start of a fit without some users or items; None if forgetting needs a fit from scratch.

        Args:
            users, items: row here of each user and item of that fit, -1 for one that is not here.
        """
        return self._resumed((users, items), self.settings.response.repair_sweeps)

    def continued(self, sweeps: int) -> Resumed | None:
        """Start of a fit to the same users and items; None for an engine that is always fitted from scratch.

        Args:
            sweeps: how many that fit adds to the sweeps of this one.
        """
        tables = self.engine.serving_tables()
        users, items = (np.arange(len(table), dtype=np.int32) for table in (tables.users, tables.items))
        return self._resumed((users, items), sweeps)

    def _resumed(self, rows: tuple[Ints, Ints], sweeps: int) -> Resumed | None:
        engine = self.engine
        if not isinstance(engine, ResponseRecommender) or engine.part is None:
            return None
        return Resumed.of(engine.part, engine.serving_tables(), rows, sweeps)

    def beginning(self, start: Resumed) -> Resumed:
        """``start`` of another fit to the same items, with what this one has found out about them."""
        engine = self.engine
        if not isinstance(engine, ResponseRecommender) or engine.part is None:
            return start
        return start.with_codes_of(engine.part, engine.serving_tables())

    def read_out(self) -> AnyReadOut:
        """The engine's read-out, with the further parts as additional blocks."""
        found = self.engine.read_out()
        if self.blend is None or isinstance(found, GaussianReadOut):
            return found
        return self.blend.read_out(found)

    def history(self, user: int) -> Ints:
        """Items that the user chose, ascending."""
        return self.engine.history(user)

    def explain(self, user: int, item: int, history: int = 5) -> Explanation:
        """Explanation of one pair's score.

        Raises:
            TrainingError: not fitted, or an id outside the tables.
        """
        if self.blend is None:
            return self.engine.explain(user, item, history)
        everything = self.engine.explain(user, item, self.serving_tables().items.shape[0])
        return self.blend.explained(everything, self.history(user), history)

    def item_states_for(self, modalities: Mapping[str, Floats]) -> Floats:
        """States (n, d) of items that were not in training, from their content rows alone."""
        states, engine = self.engine.item_states_for(modalities), self.engine
        if self.blend is None or not isinstance(engine, GraphRecommender) or engine.cold is None:
            return states
        return self.blend.new_items(states, engine.cold.neighbours(modalities))

    def saved(self) -> SavedModel:
        """The saved engine, and which engine it is."""
        level = PAIRS if isinstance(self.engine, GraphRecommender) else RESPONSE
        found = self.engine.saved()
        # a refit keeps the popularity of the training pairs that its manifest names
        arrays = {**found.arrays, "popularity": self.serving_tables().popularity}
        facts: dict[str, Any] = {**found.facts, "level": level}
        if self.blend is not None:
            tables, facts["blend"] = self.blend.pack()
            arrays |= {f"blend.{name}": table for name, table in tables.items()}
        return SavedModel(arrays, facts)

    def restore(self, saved: SavedModel) -> None:
        """Restores the engine and the blend; saved models of older code are graph encoders."""
        engine = self._engine = self._new(saved.facts.get("level", PAIRS))
        engine.restore(saved)
        if isinstance(engine, ResponseRecommender):
            self.exposure_weight = engine.exposure_weight
        stored = saved.facts.get("blend")
        self.blend = None if stored is None else Blend.unpack(under("blend.", saved.arrays), stored)
        self.choice = None if self.blend is None else self.blend.choice
        self._assemble()

    def _new(self, level: str) -> Engine:
        engine: Engine = (
            ResponseRecommender(self.settings, self.trainer, self.judge)
            if level == RESPONSE
            else GraphRecommender(self.settings, self.trainer, self.judge)
        )
        engine.recipe = self.recipe
        return engine
