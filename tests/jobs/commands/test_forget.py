"""Erase, forget, judge, promote: the smallest shop with looks, by the commands that a person types."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from causalrec.config import Settings, load_settings
from causalrec.registry.champion.promotions import decisions
from causalrec.registry.store import connect
from causalrec.registry.versions import opened, version_of
from causalrec.run import open_lake, open_run
from jobs import build_dataset, evaluate, promote, train
from jobs._stage.runner import run
from jobs.cli import main
from tests.dataset.shop import event, product, put
from tests.registry.shop import DS

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

USERS, ITEMS, DAYS = 30, 12, 6
TOML = """
shop = "tiny"
[paths]
work = "{work}"
[model.confounder]
method = "none"
[model.response]
dim = 2
sweeps = 30
repair_sweeps = 6
[training]
device = "cpu"
worth_share = 0
[gate]
auto_approve = "always"
refuters = []
max_latency_ms = 1e6
max_relative_loss = 10
max_popularity_lift = 100
"""


def logged() -> list[dict[str, Any]]:
    """Everybody looks at six items a day and answers those of their own kind."""
    rng = np.random.default_rng(0)
    rows = []
    for user in range(USERS):
        for day in range(DAYS):
            for place, item in enumerate(rng.choice(ITEMS, 6, replace=False)):
                session, at = f"s{user}-{day}", f"2026-02-{day + 20}T10:0{place}"
                where = {"session_id": session, "position": place + 1}
                name = f"{user}-{day}-{item}"
                rows.append(event(f"i{name}", at, f"u{user:02d}", f"p{item:02d}", "impression", **where))
                if rng.random() < (0.8 if item % 3 == user % 3 else 0.1):
                    kind = "purchase" if rng.random() < 0.5 else "view"
                    later = f"2026-02-{day + 20}T11:0{place}"
                    bought = event(
                        f"r{name}", later, f"u{user:02d}", f"p{item:02d}", kind, session_id=session
                    )
                    rows.append(bought)
    return rows


@pytest.fixture
def file(tmp_path: Path, spark: "SparkSession") -> Path:
    """A shop whose first version is champion."""
    path = tmp_path / "shop.toml"
    path.write_text(TOML.format(work=tmp_path / "work"))
    settings = load_settings(path, {})
    lake = open_lake(settings)
    kinds = [{"brand": f"B{n % 2}", "category": f"c{n % 3}"} for n in range(ITEMS)]
    put(lake, "products", "2026-02-19", [product(f"p{n:02d}", **kind) for n, kind in enumerate(kinds)])
    put(lake, "events", "2026-02-26", logged())
    for job in (build_dataset.JOB, train.JOB, evaluate.JOB, promote.JOB):
        run(job, open_run(settings, DS))
    assert version_of(settings, "champion") == "1"
    return path


def names(settings: Settings) -> set[str]:
    """Users and items that the champion knows."""
    version = connect(settings).get_model_version_by_alias(settings.registry.model_name, "champion")
    with opened(version) as package:
        return {*package.user_ids, *package.item_ids}


def test_a_champion_that_never_knew_them(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = load_settings(file, {})
    own = ["--settings", str(file)]
    assert {"u03", "p05"} < names(settings)
    assert main(["erase", "u03", "--yes", *own]) == 0
    assert main(["erase", "--item", "p05", "--yes", *own]) == 0
    assert "flagged models: 1 -> causalrec forget" in capsys.readouterr().out

    assert main(["forget", "--who", "eva", *own]) == 0
    said = capsys.readouterr().out
    assert "version 2 is challenger: version 1 repaired without 1 users and 1 items" in said
    assert "deleted: versions 1, which held what was erased" in said
    known = names(settings)
    assert len(known) == USERS + ITEMS - 2
    assert not {"u03", "p05"} & known
    last = decisions(open_lake(settings))[-1]
    assert (last.word, last.before, last.version, last.who) == ("promoted", "1", "2", "eva")

    assert main(["erase", "u03", *own]) == 0  # a second search finds no model
    assert "nothing is left that can be erased" in capsys.readouterr().out
    assert main(["forget", *own]) == 1
    assert "there is nothing to forget" in " ".join(capsys.readouterr().out.split())
    assert version_of(settings, "champion") == "2"

    file.write_text(file.read_text().replace("[gate]", '[gate]\nmetric = "ndcg@7"'))
    assert main(["erase", "u04", "--yes", *own]) == 0
    assert main(["forget", *own]) == 1  # a gate that asks for what nobody measures
    said = " ".join(capsys.readouterr().out.split())
    assert "version 3 is challenger: version 2 repaired without 1 users and 0 items" in said
    assert "version 4 is challenger: version 2 fitted from scratch without 1 users and 0 items" in said
    assert "version 4 did not pass the gate (reject)" in said
    assert version_of(settings, "champion") == "2"
