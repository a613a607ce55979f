"""A causal-looking version beside a champion on the small pinned shop, with texts that try to break out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from causalrec.config import Settings
from causalrec.dataset.arrays import Floats, Ints
from causalrec.dataset.load import load_dataset
from causalrec.lake import Lake
from causalrec.model.base import ServingTables
from causalrec.model.worth import ModuleWorth
from causalrec.report.review.facts import CheckLine, GateOutcome, RankingSide, Reviewed, TrainingRun
from causalrec.report.truth import TruthLine
from tests.registry.shop import DS, GROUPS, ITEMS, replace_partition, settings_in, write_dataset

EVIL = "<script>alert('x')</script> \"><img src=x onerror=alert(1)> $a_b$"
RAISED = 1  # the code whose items the adjustment raises


def reviewed_shop(work: Path) -> tuple[Settings, Lake, Reviewed]:
    """Users like the items of their group (row modulo GROUPS); the version also raises one code."""
    settings = settings_in(work)
    pictures = Path(settings.image_roots[0])
    pictures.mkdir(parents=True)
    for row in range(ITEMS):
        Image.new("RGB", (120, 90), (row * 5, 90, 200 - row * 4)).save(pictures / f"{row}.jpg")
    references = {row: f"{row}.jpg" for row in range(ITEMS) if row != 7} | {5: "../../../etc/passwd"}
    write_dataset(settings, changes={"title": {0: EVIL, 4: "Red mug", 8: "Red cup"}, "image_ref": references})
    lake = Lake(settings.lake_root)
    dataset = load_dataset(settings, lake, DS)
    tables = serving_tables(dataset.data.n_users)
    measures(lake, dataset.dataset_id)
    verdict = GateOutcome(
        "promote",
        f"better than {EVIL}",
        (
            CheckLine("champion", "pass", 0.3, 0.25, f"ndcg@20 against {EVIL}"),
            CheckLine("coverage", "warn", None, 0.1, "coverage was not measured"),
        ),
    )
    reviewed = Reviewed(
        ds=DS,
        version="2",
        model="causal",
        metric="ndcg@10",
        verdict=verdict,
        dataset=dataset,
        challenger=RankingSide("version 2", lambda users: tables.users[users] @ tables.items.T),
        opponent=RankingSide("champion (version 1)", lambda users: champion_scores(tables, users)),
        tables=tables,
        run=TrainingRun(
            {"loss": ((1, 2.0), (2, 1.0))}, 2, {"dataset_id": EVIL, "seed": "7"}, {"epochs": "2"}
        ),
        worth=(
            ModuleWorth("codes", True, 0.0123, 0.004, 0.0206, "ndcg@20", "validation"),
            ModuleWorth(EVIL, False, -0.001, -0.004, 0.002, "auc", "uniform exposure"),
        ),
        truth=(
            TruthLine("raw", 0.7, 0.6, (0.68, 0.72), (0.58, 0.62)),
            TruthLine("version 2", 0.8, 0.75, (0.78, 0.82), (0.73, 0.77), own=True),
            TruthLine("ideal", 1.0, 1.0, (1.0, 1.0), (1.0, 1.0)),
        ),
    )
    return settings, lake, reviewed


def serving_tables(n_users: int) -> ServingTables:
    """State = one-hot group and a last column that only the adjusted items of code RAISED have."""
    users = np.zeros((n_users, GROUPS + 1), dtype=np.float32)
    users[np.arange(n_users), np.arange(n_users) % GROUPS] = 1.0
    users[:, GROUPS] = 1.0
    factual = np.zeros((ITEMS, GROUPS + 1), dtype=np.float32)
    factual[np.arange(ITEMS), np.arange(ITEMS) % GROUPS] = 1.0 + np.arange(ITEMS) / 1000
    adjusted = factual.copy()
    coarse = (np.arange(ITEMS) % 2).astype(np.int32)
    adjusted[coarse == RAISED, GROUPS] = 2.0
    zeros = np.zeros(ITEMS, dtype=np.float32)
    popularity = np.ones(ITEMS, dtype=np.float32)
    names = (f"brand {EVIL}", "odd")
    plain = ServingTables(users, adjusted, factual, popularity, coarse, coarse, zeros, names)
    return replace(plain, raw_users=users, raw_items=factual)


def champion_scores(tables: ServingTables, users: Ints) -> Floats:
    """The factual scores, by a champion that does not know the last item."""
    scores = np.asarray(tables.users[users] @ tables.items_unadjusted.T, dtype=np.float32)
    scores[:, ITEMS - 1] = -np.inf
    return scores


def measures(lake: Lake, dataset_id: str) -> None:
    """An evaluation with accuracy, random exposure and an unmeasured interval."""
    common = {"dataset_id": dataset_id, "model_version": "2", "split": "test"}
    rows: list[dict[str, object]] = [
        {**common, "model": model, "metric": metric, "k": k, "value": x, "low": x - 0.05, "high": x + 0.05}
        for model, x in (("causal", 0.3), ("champion:1", 0.25), ("ease", 0.2), ("popularity", 0.1))
        for metric, k in (("ndcg", 20), ("random_auc", 0))
    ]  # fmt: skip
    rows.append({**common, "model": "causal", "metric": "gini", "k": 20, "value": 0.5})
    replace_partition(lake, "evaluations", DS, rows)
