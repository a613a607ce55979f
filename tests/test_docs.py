"""What README and docs/ show is run or compared with its source."""

import datetime as dt
import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pyarrow as pa
import pytest
import redis
from typer.main import get_command

from causalrec.config import load_settings
from causalrec.contracts.markdown import contract_table
from causalrec.lab.benchmark.contenders import CONTENDERS, RIVALS
from causalrec.lake import Lake
from causalrec.scoring.export.run import configured, export
from jobs.cli import COMMANDS, application

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DS = "2026-03-01"
BOOKS = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")


@pytest.fixture(scope="module")
def pages(root: Path) -> dict[str, str]:
    """README and every page of docs/ by its path in the repository."""
    files = [root / name for name in BOOKS] + sorted((root / "docs").rglob("*.md"))
    return {str(file.relative_to(root)): file.read_text(encoding="utf-8") for file in files}


@pytest.fixture(scope="module")
def everything(pages: dict[str, str]) -> str:
    return "\n".join(pages.values())


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_readme_is_one_page_and_begins_with_the_two_commands(pages: dict[str, str]) -> None:
    assert len(pages["README.md"].splitlines()) <= 150
    assert re.findall(r"^make (\w+)", blocks(pages["README.md"], "sh")[0], re.MULTILINE) == [
        "nightly",
        "test",
    ]


def test_every_make_target_exists(everything: str, root: Path) -> None:
    targets = {name for block in blocks(everything, "sh") for name in re.findall(r"\bmake ([\w-]+)", block)}
    assert {"nightly", "test", "backfill", "up", "docs", "test-fast"} <= targets
    known = set(re.findall(r"^([\w-]+):", (root / "Makefile").read_text(), re.MULTILINE))
    assert targets <= known
    subprocess.run(["make", "-n", *sorted(targets)], cwd=root, check=True, capture_output=True)


def test_every_command_line_is_one_that_the_command_understands(everything: str) -> None:
    lines = [
        shlex.split(line, comments=True)
        for block in blocks(everything, "sh")
        for line in re.findall(r"^(?:\.venv/bin/)?causalrec (.*)$", block, re.MULTILINE)
    ]
    assert len(lines) > 15
    for line in lines:
        understood(line)


def test_every_named_file_exists(everything: str, root: Path) -> None:
    named = set(re.findall(r"`((?:infra|causalrec|schemas|jobs|docs|benchmarks)/[\w./-]+)`", everything))
    assert len(named) > 5
    made_up = ("NAME", "myshop")
    missing = (name for name in named if not any(word in name for word in made_up))
    assert sorted(name for name in missing if not (root / name).exists()) == []


def test_every_link_leads_somewhere(pages: dict[str, str], root: Path) -> None:
    links = {
        (page, target)
        for page, text in pages.items()
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text)
        if not target.startswith("https://")
    }
    assert len(links) > 20
    assert sorted(link for link in links if not (root / link[0]).parent.joinpath(link[1]).exists()) == []


def test_the_rows_of_the_benchmark_exist_and_its_settings_are_read(
    pages: dict[str, str], tmp_path: Path
) -> None:
    page = pages["docs/model.md"]
    table = page.split("| row | what it is |")[1].split("\n\n")[0]
    named = {name for line in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert named <= set(CONTENDERS)
    assert named >= {row.name for row in RIVALS}
    file = tmp_path / "bench.toml"
    file.write_text(blocks(page, "toml")[0])
    found = CONTENDERS["lightgcn_bpr"].settings(load_settings(file, {}))
    assert (found.model.rivals.l2, found.training.learning_rate) == (1e-2, 1e-3)


def test_the_settings_of_a_cluster_are_read(pages: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "cluster.toml"
    file.write_text("\n".join(blocks(pages["docs/cluster.md"], "toml")))
    found = load_settings(file, {}, tuned=False)
    assert (found.spark.master, found.features.image.precision) == ("spark://spark:7077", "bf16")
    assert (found.paths.store, found.lake.endpoint) == ("s3://bucket/shop", "http://minio:9000")


def test_the_experiment_of_the_page_is_one(pages: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "experiment.toml"
    split, both = blocks(pages["docs/experiments.md"], "toml")
    file.write_text(split)
    found = load_settings(file, {})
    assert found.experiment.shares == {"diverse": 0.2, "model": 0.3}
    assert found.experiment.arms["diverse"].over(found.scoring).max_per_brand == 3
    file.write_text(both)
    assert load_settings(file, {}).experiment.interleaved


def test_the_table_of_tables_is_that_of_the_contracts(pages: dict[str, str]) -> None:
    rows = [row for row in contract_table().splitlines() if "`landing_" not in row]
    assert "\n".join(rows) in pages["docs/tables.md"]


def understood(line: list[str]) -> None:
    """Fails unless ``causalrec`` parses ``line``: command, arguments and options."""
    command = get_command(application())
    if line[0] not in {known.name for known in COMMANDS}:
        assert line == ["--help"]
        return
    with command.make_context("causalrec", list(line)) as context:
        name, found, rest = command.resolve_command(context, line)  # type: ignore[attr-defined]
        assert found.make_context(name, rest, parent=context).params


@pytest.fixture
def lake(tmp_path: Path) -> str:
    """A lake with one published list of two rows."""
    table = Lake(str(tmp_path)).table("recommendations")
    row = {
        "user_id": "u1", "score": 0.5, "score_raw": 0.4, "reason_code": "similar_to_history",
        "reason_text": "because you chose a shirt", "confounder_code": None, "fallback": None,
        "model_version": "1", "dataset_id": "d", "ds": dt.date.fromisoformat(DS),
    }  # fmt: skip
    rows = [{**row, "rank": 2, "item_id": "i2"}, {**row, "rank": 1, "item_id": "i1"}]
    table.replace(pa.Table.from_pylist(rows, schema=table.schema), {"ds": DS})
    return str(tmp_path)


@pytest.mark.spark
def test_the_snippets_that_read_tables_run(pages: dict[str, str], lake: str, spark: "SparkSession") -> None:
    names: dict[str, Any] = {"lake": lake, "ds": DS, "spark": spark}
    snippets = blocks(pages["docs/tables.md"], "python")
    assert len(snippets) == 4
    for snippet in snippets:
        exec(snippet, names)  # noqa: S102  our own page
    assert names["top"]["item_id"].tolist() == ["i1", "i2"]
    assert names["first"].rows() == [("u1", "i1", 0.5)]
    assert names["most_listed"] == [("i1", 1), ("i2", 1)]
    assert names["served"] == 1


def test_the_snippets_that_read_an_export_run(
    pages: dict[str, str], lake: str, tmp_path: Path, postgres_url: str, redis_url: str
) -> None:
    serve = pages["docs/serving.md"]
    similar = Lake(lake).table("similar_items")
    row = {
        "item_id": "i1",
        "score": 0.5,
        "model_version": "1",
        "dataset_id": "d",
        "ds": dt.date.fromisoformat(DS),
    }
    rows = [
        {**row, "rank": rank, "similar_item_id": item, "markets": markets}
        for rank, item, markets in ((1, "i2", "AT,DE"), (2, "i3", "DE"), (3, "i4", None))
    ]
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
    assert [len(names[name].fetchall()) for name in ("night", "neighbours")] == [2, 3]
    with psycopg.connect(postgres_url) as connection:
        abroad, statements = blocks(serve, "sql")
        assert connection.execute(abroad.encode()).fetchall() == [("i2",), ("i4",)]
        found = [
            connection.execute(text.encode()).fetchall() for text in statements.split(";") if text.strip()
        ]
    assert found[0] == [
        (1, "i1", 0.5, "because you chose a shirt"),
        (2, "i2", 0.5, "because you chose a shirt"),
    ]
    assert found[1] == [("i1",)]
    assert [(name, rows) for name, _, rows, _ in sorted(found[2])] == [
        ("popular_items", 1), ("recommendations", 2), ("similar_items", 3),
    ]  # fmt: skip
    with redis.Redis.from_url(redis_url, password="s3cret", decode_responses=True) as cache:  # noqa: S106
        names["cache"] = cache
        exec(cached, names)  # noqa: S102
    assert [row["item_id"] for row in names["lists"]] == ["i1", "i2"]


def test_the_glossary_explains_each_word_once_and_in_order(pages: dict[str, str]) -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \|", pages["docs/glossary.md"], re.MULTILINE)
    words = [word.partition(",")[0] for word, _ in rows[2:]]
    assert len(words) > 50
    assert words == sorted(set(words), key=lambda word: word.replace(" ", "").lower())
    assert all(meaning for _, meaning in rows)
