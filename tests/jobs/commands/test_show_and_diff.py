"""The commands that a person reads published lists with."""

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from causalrec.lake import Lake
from causalrec.report.changes import Moved, compare
from jobs.cli import main
from tests.registry.shop import DS, replace_partition, settings_in, write_dataset

NEXT = DS + dt.timedelta(days=1)


def rows(
    *lists: tuple[str, list[str]], version: str = "1", fallback: str | None = None
) -> list[dict[str, object]]:
    return [
        {
            "user_id": user, "rank": rank, "item_id": item, "score": 1.0 / rank,
            "score_raw": float(rank), "score_rank": rank, "raw_rank": 10 * rank,
            "reason_code": "similar_to_history",
            "reason_text": "because you chose Thing 1", "confounder_code": "brand north",
            "fallback": fallback, "model_version": version,
            "adjustment_code": "higher" if item == "c" else None, "dataset_id": "d",
        }
        for user, items in lists
        for rank, item in enumerate(items, start=1)
    ]  # fmt: skip


def test_changes_by_hand() -> None:
    before = pd.DataFrame(rows(("u1", ["a", "b"]), ("u2", ["a", "c"]), ("u3", ["a", "b"])))
    after = pd.DataFrame(rows(("u1", ["a", "c"]), ("u2", ["d", "a"]), ("u4", ["d", "c"]), version="2"))
    found = compare(before, after, 2)
    assert found.users == (3, 3, 2)
    assert found.versions == (("1",), ("2",))
    assert (found.kept, found.same_first) == (0.5, 0.5)
    assert found.adjusted == (1 / 6, 2 / 6)
    assert found.labels == {"plain": (3, 3)}
    assert set(found.gained) == {Moved("d", 0, 2), Moved("c", 1, 2)}
    assert set(found.lost) == {Moved("b", 2, 0), Moved("a", 3, 2)}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    settings = settings_in(tmp_path)
    write_dataset(settings)
    lake = Lake(settings.lake_root)
    replace_partition(lake, "recommendations", DS, rows(("u003", ["i007", "i003"])))
    replace_partition(lake, "recommendations", NEXT, rows(("u003", ["i009", "i007"]), version="2"))
    file = tmp_path / "shop.toml"
    file.write_text(f'[paths]\nwork = "{tmp_path}"\n', encoding="utf-8")
    return file


def test_show(shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["show", "u003", "--ds", DS.isoformat(), "--settings", str(shop)]) == 0
    shown = capsys.readouterr().out
    assert "u003: 8 items chosen" in " ".join(shown.split())
    assert "Thing 7" in shown
    assert "10 → 1 (+9)" in shown  # first by the adjusted score, tenth without: beyond the listed rows
    assert "because you chose Thing 1" in shown
    assert main(["show", "nobody", "--ds", DS.isoformat(), "--settings", str(shop)]) == 1
    assert "no list of user nobody" in " ".join(capsys.readouterr().out.split())


def test_diff(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", DS.isoformat(), NEXT.isoformat(), "--settings", str(shop)]) == 0
    shown = capsys.readouterr().out
    assert "50.0%" in shown
    assert "i009" in shown
    assert main(["diff", DS.isoformat(), "2020-01-01", "--settings", str(shop)]) == 1
    assert "nothing was published for 2020-01-01" in " ".join(capsys.readouterr().out.split())
