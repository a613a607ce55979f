"""One benchmark cell: one model, one seed, one bundle. Trained in its own process, stored by content hash.

The folder of a cell is named by a hash of data, settings and code. It holds the fitted model, so that a test
set is used only on request, without training again, and an interrupted run can continue.
"""

import hashlib
import json
import multiprocessing
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file

from causalrec.code import code_hash
from causalrec.config import Settings
from causalrec.dataset.arrays import Floats, Interactions
from causalrec.dataset.bundle import load_bundle, load_propensity
from causalrec.dataset.temporal import FILE as DAYS
from causalrec.dataset.temporal import temporal
from causalrec.errors import CausalrecError, TrainingError
from causalrec.lab.benchmark.peeks import note_look
from causalrec.metrics.debiased import exposed_per_user, exposed_scores
from causalrec.metrics.evaluate import KS, RANDOM_K, evaluate_all
from causalrec.metrics.logged import exposed_lists, snips_metrics, uniform_list_value
from causalrec.metrics.ranking import Score, Split
from causalrec.model.causal.recommender import CausalRecommender
from causalrec.model.factory import load_recommender, save_recommender
from causalrec.training.factory import build_recommender
from causalrec.training.peak import peak_bytes
from causalrec.training.refuters import REFUTERS

MODEL, FIT, CHECKPOINTS, USERS = "model", "fit.json", "checkpoints", ".users.safetensors"

OnEpoch = Callable[[int, Mapping[str, float]], None]


@dataclass(frozen=True)
class Cell:
    """What is trained: a bundle folder and the full settings (model name and seed among them).

    Attributes:
        model: name of the row in the table.
        temporal: judged on the latest pairs instead of the bundle's held-out ones.
        refuter: name in :data:`causalrec.training.refuters.REFUTERS`; empty for the data as they are.
    """

    bundle: Path
    settings: Settings
    model: str
    refuter: str = ""
    temporal: bool = False

    @property
    def seed(self) -> int:
        """Seed of the training."""
        return self.settings.training.seed

    def key(self) -> str:
        """Hash of data, settings and code; the name of the row is not part of it."""
        parts = [
            data_hash(self.bundle),
            code_hash(__name__),
            *map(self._dump, ("model", "training")),
            self.refuter,
            *(["temporal"] if self.temporal else []),
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:20]

    def load(self) -> Interactions:
        """The data that the cell trains on and is judged on; a refuter leaves held-out pairs as they are."""
        data = load_bundle(self.bundle)
        data = temporal(data, self.bundle) if self.temporal else data
        return REFUTERS[self.refuter](data, self.seed) if self.refuter else data

    def _dump(self, section: str) -> str:
        return str(getattr(self.settings, section).model_dump_json())


@dataclass(frozen=True)
class CellResult:
    """What a cell cost and reached.

    Attributes:
        metrics: ``split`` -> name such as ``ndcg@20`` -> value.
        per_user: ``split`` -> name -> float64 (M,), users ascending.
        findings: what the causal model found out about its modules (empty for others).
        peak_mb: largest resident memory of the process that trained it, in MiB; ``gpu_mb`` likewise on a GPU.
    """

    model: str
    seed: int
    epochs: int
    best_epoch: int
    seconds: float
    seconds_per_epoch: float
    peak_mb: float
    gpu_mb: float
    findings: dict[str, float]
    metrics: dict[str, dict[str, float]]
    per_user: dict[str, dict[str, npt.NDArray[np.float64]]]


def run_cell(
    cell: Cell, store: Path, splits: tuple[Split, ...], on_epoch: OnEpoch | None = None
) -> CellResult:
    """The result of a cell, from ``store`` if available, otherwise computed in a fresh process.

    Raises:
        TrainingError: the process ended without a result (killed, or out of memory).
    """
    folder = store / cell.key()
    if "test" in splits:
        note_look(store, data_hash(cell.bundle), cell.model, folder.name)
    missing = [split for split in splits if not (folder / f"{split}.json").exists()]
    if missing or not (folder / FIT).exists():
        _in_process(cell, folder, tuple(missing), on_epoch)
    facts = json.loads((folder / FIT).read_text(encoding="utf-8"))
    metrics = {
        str(name): json.loads((folder / f"{name}.json").read_text(encoding="utf-8")) for name in splits
    }
    per_user = {str(name): load_file(folder / f"{name}{USERS}") for name in splits}
    return CellResult(model=cell.model, **facts, metrics=metrics, per_user=per_user)


def _in_process(cell: Cell, folder: Path, splits: tuple[Split, ...], on_epoch: OnEpoch | None) -> None:
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(cell, folder, splits, sender))
    process.start()
    sender.close()
    failure = ""
    try:
        while True:
            try:
                kind, *message = receiver.recv()
            except EOFError:
                break
            if kind == "failed":
                failure = message[0]
            elif on_epoch is not None:
                on_epoch(*message)
    except BaseException:
        process.terminate()
        raise
    finally:
        process.join()
    if process.exitcode != 0:
        what = failure or f"the process ended with status {process.exitcode}"
        raise TrainingError(
            f"{cell.bundle.name}, {cell.model}, seed {cell.seed}: {what}",
            do="run the same command again to continue",
        )


def _child(cell: Cell, folder: Path, splits: tuple[Split, ...], sender: Connection) -> None:
    """Runs in the fresh process."""
    try:
        data = cell.load()
        _train(cell, folder, data, lambda epoch, metrics: sender.send(("epoch", epoch, metrics)))
        for split in splits:
            _judge(cell, folder, data, split)
    except CausalrecError as error:
        sender.send(("failed", str(error)))
        sys.exit(1)
    finally:
        sender.close()


def _train(cell: Cell, folder: Path, data: Interactions, on_epoch: OnEpoch) -> None:
    if (folder / FIT).exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    recommender = build_recommender(cell.settings, folder / CHECKPOINTS)
    report = recommender.fit(data, progress=lambda epoch, metrics: on_epoch(epoch, metrics))
    save_recommender(recommender, folder / MODEL)
    facts = {
        "seed": cell.seed,
        "epochs": report.epochs,
        "best_epoch": report.best_epoch,
        "seconds": report.seconds,
        "seconds_per_epoch": report.seconds_per_epoch,
        "peak_mb": peak_bytes() / 2**20,
        "gpu_mb": _gpu_mb(),
        "findings": recommender.findings if isinstance(recommender, CausalRecommender) else {},
    }
    _write_json(folder / FIT, facts)


def _judge(cell: Cell, folder: Path, data: Interactions, split: Split) -> None:
    score = load_recommender(folder / MODEL).score
    metrics, per_user = _measure(score, data, split, load_propensity(cell.bundle))
    save_file(
        {name: np.ascontiguousarray(values) for name, values in per_user.items()}, folder / f"{split}{USERS}"
    )
    _write_json(folder / f"{split}.json", metrics)


def _measure(
    score: Score, data: Interactions, split: Split, propensity: Floats | None
) -> tuple[dict[str, float], dict[str, npt.NDArray[np.float64]]]:
    pairs = data.valid if split == "valid" else data.test
    if pairs.shape[1] == 0:  # judged on random exposure alone
        exposed = exposed_scores(score, data) if split == "test" else None
        values = exposed_per_user(exposed, RANDOM_K)
        if exposed is not None:
            values |= uniform_list_value(exposed_lists(score, data, RANDOM_K), data)
        return {name: float(found.mean()) for name, found in values.items()}, values
    found = evaluate_all(score, data, split, KS)
    names = {row.name: row.value for row in found.rows}
    if propensity is not None:
        names |= snips_metrics(found.ranked, pairs, propensity, data.n_items)
    return names, found.paired


def _gpu_mb() -> float:
    import torch  # only the process of a cell needs it

    return torch.cuda.max_memory_allocated() / 2**20 if torch.cuda.is_available() else 0.0


def _write_json(file: Path, content: Mapping[str, Any]) -> None:
    """Written completely or not at all: its existence means that the step is done."""
    draft = file.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(content, indent=1, sort_keys=True), encoding="utf-8")
    draft.rename(file)


@cache
def data_hash(bundle: Path) -> str:
    """sha256 over the names and contents of a bundle's arrays and of the days of its pairs."""
    return _hash_files(bundle, sorted([*bundle.glob("*.npy"), *bundle.glob(DAYS)]))


def _hash_files(root: Path, files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(str(file.relative_to(root)).encode() + b"\0")
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def as_json(result: CellResult) -> dict[str, Any]:
    """A result without its per-user values."""
    return {name: value for name, value in asdict(result).items() if name != "per_user"}
