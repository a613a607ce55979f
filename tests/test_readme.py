"""What the README shows is run or compared with its source."""

import datetime as dt
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pyarrow as pa
import pytest
import redis

from causalrec.config import load_settings
from causalrec.contracts.markdown import contract_table
from causalrec.lab.contenders import CONTENDERS, RIVALS
from causalrec.lake import Lake
from causalrec.scoring.export.run import configured, export

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DS = "2026-03-01"


@pytest.fixture(scope="module")
def readme(root: Path) -> str:
    return (root / "README.md").read_text(encoding="utf-8")


def blocks(readme: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", readme, re.DOTALL)


def test_every_make_target_exists(readme: str, root: Path) -> None:
    targets = {name for block in blocks(readme, "sh") for name in re.findall(r"\bmake (\w+)", block)}
    assert {"nightly", "test", "backfill", "up"} <= targets
    known = set(re.findall(r"^(\w+):", (root / "Makefile").read_text(), re.MULTILINE))
    assert targets <= known
    subprocess.run(["make", "-n", *sorted(targets)], cwd=root, check=True, capture_output=True)


def test_every_named_file_exists(readme: str, root: Path) -> None:
    named = set(re.findall(r"`((?:infra|causalrec|schemas)/[\w./-]+)`", readme))
    assert len(named) > 5
    assert sorted(name for name in named if "NAME" not in name and not (root / name).exists()) == []


def test_the_rows_of_the_benchmark_exist_and_its_settings_are_read(readme: str, tmp_path: Path) -> None:
    table = readme.split("| row | what it is |")[1].split("\n\n")[0]
    named = {name for line in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert named <= set(CONTENDERS)
    assert named >= {row.name for row in RIVALS}
    file = tmp_path / "bench.toml"
    file.write_text(blocks(readme, "toml")[0])
    found = CONTENDERS["lightgcn_bpr"].settings(load_settings(file, {}))
    assert (found.model.rivals.l2, found.training.learning_rate) == (1e-2, 1e-3)


def test_the_table_of_tables_is_that_of_the_contracts(readme: str) -> None:
    rows = [row for row in contract_table().splitlines() if "`landing_" not in row]
    assert "\n".join(rows) in readme


@pytest.fixture
def lake(tmp_path: Path) -> str:
    """A lake with one published list of two rows."""
    table = Lake(str(tmp_path)).table("recommendations")
    row = {
        "user_id": "u1", "score": 0.5, "score_unadjusted": 0.4, "reason_code": "similar_to_history",
        "reason_text": "because you chose a shirt", "confounder_code": None, "fallback": None,
        "model_version": "1", "dataset_id": "d", "ds": dt.date.fromisoformat(DS),
    }  # fmt: skip
    rows = [{**row, "rank": 2, "item_id": "i2"}, {**row, "rank": 1, "item_id": "i1"}]
    table.replace(pa.Table.from_pylist(rows, schema=table.schema), {"ds": DS})
    return str(tmp_path)


def section(readme: str, title: str) -> str:
    """What stands under a heading of the third level."""
    return readme.split(f"\n### {title}\n")[1].split("\n##")[0]


@pytest.mark.spark
def test_the_snippets_that_read_tables_run(readme: str, lake: str, spark: "SparkSession") -> None:
    names: dict[str, Any] = {"lake": lake, "ds": DS, "spark": spark}
    snippets = blocks(section(readme, "Read the tables"), "python")
    assert len(snippets) == 4
    for snippet in snippets:
        exec(snippet, names)  # noqa: S102  our own README
    assert names["top"]["item_id"].tolist() == ["i1", "i2"]
    assert names["first"].rows() == [("u1", "i1", 0.5)]
    assert names["most_listed"] == [("i1", 1), ("i2", 1)]
    assert names["served"] == 1


def test_the_snippets_that_read_an_export_run(
    readme: str, lake: str, tmp_path: Path, postgres_url: str, redis_url: str
) -> None:
    serve = section(readme, "Serve them")
    similar = Lake(lake).table("similar_items")
    row = {"item_id": "i1", "rank": 1, "similar_item_id": "i2", "score": 0.5, "model_version": "1"}
    rows = [{**row, "dataset_id": "d", "ds": dt.date.fromisoformat(DS)}]
    similar.replace(pa.Table.from_pylist(rows, schema=similar.schema), {"ds": DS})
    popular = Lake(lake).table("popular_items")
    rows = [{"category": "", "rank": 1, "item_id": "i1", "users": 2, "dataset_id": "d", "ds": rows[0]["ds"]}]
    popular.replace(pa.Table.from_pylist(rows, schema=popular.schema), {"ds": DS})
    environ = {
        "CAUSALREC__PATHS__WORK": str(tmp_path), "CAUSALREC__PATHS__LAKE": lake,
        "CAUSALREC__EXPORT__POSTGRES__URL": postgres_url, "CAUSALREC__EXPORT__REDIS__URL": redis_url,
    }  # fmt: skip
    settings = load_settings(None, environ)
    secrets = {"redis": "s3cret"}
    report = export(settings, Lake(lake), dt.date.fromisoformat(DS), configured(settings), secrets)
    assert not report.failed
    parquet, cached = blocks(serve, "python")
    names: dict[str, Any] = {"exports": settings.export_root, "ds": DS}
    exec(parquet, names)  # noqa: S102
    assert [len(names[name].fetchall()) for name in ("night", "neighbours")] == [2, 1]
    with psycopg.connect(postgres_url) as connection:
        (statements,) = blocks(serve, "sql")
        found = [
            connection.execute(text.encode()).fetchall() for text in statements.split(";") if text.strip()
        ]
    assert found[0] == [
        (1, "i1", 0.5, "because you chose a shirt"),
        (2, "i2", 0.5, "because you chose a shirt"),
    ]
    assert found[1] == [("i1",)]
    assert [(name, rows) for name, _, rows, _ in sorted(found[2])] == [
        ("popular_items", 1), ("recommendations", 2), ("similar_items", 1),
    ]  # fmt: skip
    with redis.Redis.from_url(redis_url, password="s3cret", decode_responses=True) as cache:  # noqa: S106
        names["cache"] = cache
        exec(cached, names)  # noqa: S102
    assert [row["item_id"] for row in names["lists"]] == ["i1", "i2"]
