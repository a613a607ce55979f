"""The notebooks of the documentation run from top to bottom on a small shop."""

import ast
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from causalrec.lake import Lake
from tests.experiment.rows import verdict
from tests.features.shop import products
from tests.registry.shop import DS, replace_partition, settings_in, write_dataset

NOTEBOOKS = Path(__file__).parents[1] / "docs" / "notebooks"
NEXT = DS + dt.timedelta(days=1)
SHOP = """
[paths]
work = "{work}"
[experiment]
name = "spring"
start = {first}
end = {first}
[experiment.arms.new]
share = 0.5
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The settings file of a shop with two nights, a model that passed its gate, and an experiment."""
    work = tmp_path_factory.mktemp("notebooks")
    settings = settings_in(work)
    write_dataset(settings)
    lake = Lake(settings.lake_root)
    products(lake, DS, {f"i{row:03d}": [] for row in range(4)})
    for day, item in ((DS, "i001"), (NEXT, "i002")):
        replace_partition(lake, "recommendations", day, [
            listed("u000", 1, item), listed("u000", 2, "i003"), listed("u001", 1, "i001", policy="uniform"),
        ])  # fmt: skip
    facts = {"dataset_id": "d", "model_version": "2"}
    replace_partition(lake, "evaluations", DS, [
        {**facts, "model": model, "split": "test", "metric": "ndcg", "k": 20, "value": value,
         "low": value - 0.01, "high": value + 0.01}
        for model, value in (("causal", 0.3), ("popularity", 0.1))
    ])  # fmt: skip
    check = {
        **facts,
        "decision": "promote",
        "position": 1,
        "name": "measured",
        "status": "pass",
        "detail": "",
    }
    replace_partition(lake, "gate_checks", DS, [check | {"detail": ""}])
    replace_partition(lake, "experiments", NEXT, [verdict("control", None), verdict("new", "better")])
    file = work / "shop.toml"
    file.write_text(SHOP.format(work=settings.paths.work, first=DS))
    return file


def listed(user: str, rank: int, item: str, **changes: object) -> dict[str, Any]:
    return {
        "user_id": user, "rank": rank, "item_id": item, "score": 1.0 / rank, "reason_code": "r",
        "reason_text": "r", "policy": "causalrec:spring:new", "model_version": "2", "dataset_id": "d",
        "propensity": 1.0, **changes,
    }  # fmt: skip


def run(name: str) -> tuple[dict[str, Any], list[object]]:
    """The names that a notebook leaves, and the value of the last expression of every cell."""
    cells = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    names: dict[str, Any] = {}
    shown: list[object] = []
    for number, cell in enumerate(cells):
        if cell["cell_type"] == "code":
            *lines, last = ast.parse("".join(cell["source"])).body
            where = f"{name}[{number}]"
            exec(compile(ast.Module(lines, []), where, "exec"), names)  # noqa: S102 - our own pages
            if isinstance(last, ast.Expr):
                shown.append(eval(compile(ast.Expression(last.value), where, "eval"), names))  # noqa: S307
            else:
                exec(compile(ast.Module([last], []), where, "exec"), names)  # noqa: S102
    return names, shown


@pytest.fixture
def here(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAUSALREC_SETTINGS", str(shop))
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.chdir(NOTEBOOKS)


@pytest.mark.usefixtures("here")
def test_reading_the_tables() -> None:
    names, shown = run("tables")
    assert shown[0] == (str(NEXT), 3, 2)
    assert names["one"]["item_id"].tolist() == ["i002", "i003"]
    assert names["chosen"]["rows"].to_dict() == {"causalrec:spring:new": 2, "uniform": 1}
    assert shown[-2:] == [(names["version"], True), "WRITE"]


@pytest.mark.usefixtures("here")
def test_reviewing_a_model() -> None:
    names, _ = run("review")
    assert names["scores"]["ndcg@20"].to_dict() == {"causal": 0.3, "popularity": 0.1}
    assert names["checks"]["status"].tolist() == ["pass"]
    assert names["nights"] == [str(DS), str(NEXT)]
    assert names["gained"].to_dict() == {"i002": 1, "i003": 0, "i001": -1}


@pytest.mark.usefixtures("here")
def test_reading_an_experiment() -> None:
    names, _ = run("experiment")
    assert set(names["last"]["arm"]) == {"control", "new"}
    assert names["by_policy"].to_dict() == {"causalrec:spring:new": 1}
    assert len(names["figure"].axes) == 1


def test_notebooks_are_kept_without_outputs() -> None:
    for file in NOTEBOOKS.glob("*.ipynb"):
        cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
        assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in cells), file
