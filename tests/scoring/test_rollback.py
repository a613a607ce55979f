"""A rollback while the score runs: the table is of one version, and the next run sees the other."""

from collections.abc import Callable
from typing import Any

import pytest
from pyspark.sql import SparkSession

from causalrec.lake import Lake, Ledger
from causalrec.ranking.catalogue import Catalogue
from causalrec.registry.promotion.decisions import Decider, roll_back
from causalrec.registry.store import connect
from causalrec.registry.train import train_and_log
from causalrec.registry.versions import need
from causalrec.run import open_run
from causalrec.scoring import arm_night as scoring
from jobs import score as job
from jobs._stage.runner import run
from tests.registry.shop import DS, USERS, settings_in, write_dataset

pytestmark = pytest.mark.spark


def test_a_running_score_keeps_the_version_it_opened(
    tmp_path_factory: pytest.TempPathFactory, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_in(tmp_path_factory.mktemp("rollback"), "lightgcn")
    write_dataset(settings)
    lake = Lake(settings.lake_root)
    for name in ("popularity", "lightgcn"):
        model = settings.model.model_copy(update={"name": name})
        train_and_log(settings.model_copy(update={"model": model}), lake, Ledger(lake), DS)
    client = connect(settings)
    client.set_registered_model_alias(settings.registry.model_name, "champion", "2")
    original: Callable[..., Catalogue] = vars(scoring)["balanced_tonight"]

    def rolled_back_meanwhile(*given: Any) -> Catalogue:  # noqa: ANN401 - whatever it is called with
        roll_back(settings, lake, Decider("ann", "complaints"), to="1")
        return original(*given)

    def scored() -> list[dict[str, Any]]:
        run(job.JOB, open_run(settings, DS))
        columns = ["user_id", "rank", "item_id", "model_version"]
        rows: list[dict[str, Any]] = lake.table("recommendation_candidates").read(columns=columns).to_pylist()
        return sorted(rows, key=lambda row: (row["user_id"], row["rank"]))

    monkeypatch.setattr(scoring, "balanced_tonight", rolled_back_meanwhile)
    during = scored()
    assert need(client, settings, "champion").version == "1"
    assert {row["model_version"] for row in during} == {"2"}
    assert len(during) == 5 * (USERS + 2)

    monkeypatch.setattr(scoring, "balanced_tonight", original)
    after = scored()  # not up to date: the champion is another one
    assert {row["model_version"] for row in after} == {"1"}
    client.set_registered_model_alias(settings.registry.model_name, "champion", "2")
    assert scored() == during  # as if nobody had rolled back
