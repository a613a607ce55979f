"""One cell of the known-truth study: one world, one variant. Kept by the hash of knobs, settings and code.

A stopped run goes on: finished cells are read back, the cell in work resumes from its checkpoint.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from causalrec.code import code_hash
from causalrec.config import Settings
from causalrec.dataset.arrays import Interactions
from causalrec.lab.simulation.simulator import Knobs, Simulation, simulate
from causalrec.lab.studies.findings import code_findings, edge_curve, edge_findings
from causalrec.lab.studies.informed import InformedRecommender
from causalrec.lab.studies.readout import Readout, measure_oracle, measure_readouts
from causalrec.lab.studies.variants import INFORMED_MODEL, Variant
from causalrec.model.base import Progress, Recommender
from causalrec.training.factory import build_recommender
from causalrec.training.loop import LoopTrainer
from causalrec.training.refuters import REFUTERS

CHECKPOINTS = "checkpoints"


@dataclass(frozen=True)
class StudyCell:
    """A world, a variant, and settings of model and training; ``None`` as variant is the Bayes oracle."""

    knobs: Knobs
    variant: Variant | None
    settings: Settings

    @property
    def name(self) -> str:
        """The row of the study."""
        return "bayes" if self.variant is None else self.variant.name

    def key(self) -> str:
        """Hash of everything that the result depends on."""
        parts = [code_hash(__name__), json.dumps(asdict(self.knobs), sort_keys=True)]
        if self.variant is not None:
            model, training = self.variant.settings(self.settings.model), self.settings.training
            parts += [self.variant.model, self.variant.refuter]
            parts += [model.model_dump_json(), training.model_dump_json()]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:20]


@dataclass(frozen=True)
class StudyResult:
    """What a cell measured; ``edges`` and ``codes`` are empty for models without them."""

    name: str
    knobs: Knobs
    readouts: dict[str, Readout]
    edges: dict[str, Any]
    codes: dict[str, Any]
    epochs: int
    seconds: float


def run_study_cell(cell: StudyCell, store: Path, progress: Progress | None = None) -> StudyResult:
    """The result of a cell, read back from ``store`` or computed and kept there."""
    file = store / f"{cell.key()}.json"
    if not file.exists():
        store.mkdir(parents=True, exist_ok=True)
        result = _compute(cell, store / CHECKPOINTS / cell.key(), progress)
        draft = file.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(asdict(result), default=_plain), encoding="utf-8")
        draft.rename(file)
    return _read(json.loads(file.read_text(encoding="utf-8")))


def _compute(cell: StudyCell, checkpoints: Path, progress: Progress | None) -> StudyResult:
    simulation = _world(cell.knobs)
    if cell.variant is None:
        edges = edge_curve(simulation.truth.genuine(simulation.data.train), simulation.truth.accidental)
        return StudyResult(cell.name, cell.knobs, {"oracle": measure_oracle(simulation)}, edges, {}, 0, 0.0)
    recommender = _build(cell, cell.variant, simulation, checkpoints)
    data = _data(cell, cell.variant, simulation)
    report = recommender.fit(data, progress=progress)
    told = cell.variant.kind == "ceiling"  # which clicks are accidents, so it has no evidence of its own
    return StudyResult(
        cell.name,
        cell.knobs,
        measure_readouts(recommender, simulation),
        {} if told else edge_findings(recommender, data.train, simulation),
        code_findings(recommender, simulation),
        report.epochs,
        report.seconds,
    )


def _build(cell: StudyCell, variant: Variant, simulation: Simulation, checkpoints: Path) -> Recommender:
    model, training = variant.settings(cell.settings.model), cell.settings.training
    trainer = LoopTrainer(training, model, checkpoints)
    if variant.model == INFORMED_MODEL:
        return InformedRecommender(simulation.truth, trainer, training.temperature)
    return build_recommender(cell.settings.model_copy(update={"model": model}), checkpoints)


def _data(cell: StudyCell, variant: Variant, simulation: Simulation) -> Interactions:
    """What the model may see: never the test sets, nor the outcomes under uniform exposure."""
    data = simulation.data
    if variant.refuter:
        data = REFUTERS[variant.refuter](data, cell.knobs.seed)
    none = data.test[:, :0]
    return replace(data, test=none, propensity=None, random_exposure=None)


@lru_cache(maxsize=2)
def _world(knobs: Knobs) -> Simulation:
    return simulate(knobs)


def _plain(value: object) -> object:
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _read(content: dict[str, Any]) -> StudyResult:
    readouts = {
        name: Readout(**{**part, "per_user": {k: np.asarray(v) for k, v in part["per_user"].items()}})
        for name, part in content["readouts"].items()
    }
    return StudyResult(**{**content, "knobs": Knobs(**content["knobs"]), "readouts": readouts})
