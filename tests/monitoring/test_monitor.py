"""A night beside what was promised, on a real lake: exact lines, the flag, its quiet days, the page."""

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from causalrec.config import Settings
from causalrec.dataset.arrays import Floats, Ints
from causalrec.dataset.load import Dataset, load_dataset
from causalrec.lake import Lake
from causalrec.monitoring.drift import psi
from causalrec.monitoring.lines import Served
from causalrec.monitoring.monitor import asks_for_training, monitor
from causalrec.monitoring.responses import click_through, impressions
from causalrec.report.monitoring import monitoring_page
from jobs import request_training
from jobs._stage.runner import main
from tests.registry.shop import DS, GROUPS, ITEMS, USERS, replace_partition, settings_in, write_dataset
from tests.report import browser

BEFORE = DS - dt.timedelta(days=1)
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Live:
    settings: Settings
    lake: Lake
    dataset: Dataset
    served: Served

    def night(self, ds: dt.date = DS, **changes: object) -> dict[tuple[str, str], dict[str, Any]]:
        """Monitors ``ds``; lines by measure and slice."""
        monitor(self.settings, self.lake, self.dataset, replace(self.served, **changes), ds)  # type: ignore[arg-type]
        rows = self.lake.table("monitoring").read({"ds": [ds.isoformat()]}).to_pylist()
        return {(row["measure"], row["slice"]): row for row in rows}


def taste(users: Ints) -> Floats:
    """1 for the items of a user's group."""
    own = np.arange(ITEMS)[None, :] % GROUPS == users[:, None] % GROUPS
    return np.asarray(own, dtype=np.float32)


def event(number: int, user: int, item: int, kind: str, policy: str | None, day: dt.date) -> dict[str, Any]:
    return {
        "event_id": f"{day}-{number}",
        "event_time": NOON + dt.timedelta(seconds=number),
        "user_id": f"u{user:03d}",
        "item_id": f"i{item:03d}",
        "event_type": kind,
        "session_id": f"s{user}",
        "policy": policy,
        "source_file": "f",
    }


def deliver(lake: Lake, day: dt.date, liked: bool = True) -> None:
    """Every user is shown eight items at random and views his group's (or the others)."""
    rows: list[dict[str, Any]] = []
    for user in range(USERS):
        for item in (np.arange(user, user + 8) % ITEMS).tolist():
            rows.append(event(len(rows), user, item, "impression", "uniform", day))
            if (item % GROUPS == user % GROUPS) == liked:
                rows.append(event(len(rows), user, item, "view", None, day))
    table = lake.table("events")
    columns = pa.schema([field for field in table.schema if field.name != "arrival_date"])
    table.replace(pa.Table.from_pylist(rows, schema=columns), {"arrival_date": day.isoformat()})


def publish(lake: Lake, ds: dt.date, shift: float = 0.0) -> None:
    rows: list[dict[str, object]] = [
        {
            "user_id": f"u{user:03d}", "rank": rank, "item_id": f"i{(user + rank) % ITEMS:03d}",
            "score": 1 / rank + user / 1000 + shift, "score_raw": None, "reason_code": "r",
            "reason_text": "t", "confounder_code": None, "fallback": None,
            "model_version": "1", "dataset_id": "d",
        }
        for user in range(USERS)
        for rank in range(1, 6)
    ]  # fmt: skip
    replace_partition(lake, "recommendations", ds, rows)


@pytest.fixture
def live(tmp_path: Path) -> Live:
    """One quiet night: the champion of the day before serves, what it promised holds."""
    plain = settings_in(tmp_path)
    limits = plain.monitor.model_copy(update={"days": 1, "quiet_days": 0})
    settings = plain.model_copy(update={"monitor": limits})
    lake = Lake(settings.lake_root)
    write_dataset(settings)
    common = {"dataset_id": "d", "model_version": "1", "model": "ease", "split": "test"}
    measures = [
        {**common, "metric": "random_auc", "k": 0, "value": 0.9, "low": 0.85, "high": 0.95},
        {**common, "metric": "coverage", "k": 20, "value": 0.9},
    ]
    replace_partition(lake, "evaluations", BEFORE, measures)
    for day in (BEFORE, DS):
        deliver(lake, day)
        publish(lake, day)
    dataset = load_dataset(settings, lake, DS)
    items = frozenset(str(item) for item in dataset.item_ids)
    return Live(settings, lake, dataset, Served("1", "ease", BEFORE.isoformat(), items, taste))


def test_a_night_that_keeps_its_promise(live: Live) -> None:
    lines = live.night()
    auc = lines["random_auc", "random exposure"]
    assert (auc["status"], auc["value"], auc["promised"], auc["threshold"]) == ("pass", 1.0, 0.9, 0.85)
    assert lines["event_mix", ""]["status"] == "pass"
    assert lines["event_mix", ""]["value"] == pytest.approx(0)
    assert lines["category_mix", ""]["status"] == "pass"
    assert lines["unknown_items", ""]["value"] == 0
    assert (lines["score_drift", ""]["status"], lines["score_drift", ""]["value"]) == ("pass", 0)
    assert lines["coverage", "first 20"]["value"] == 1.0
    rate = lines["click_through", "uniform"]
    assert rate["value"] == pytest.approx(2 / 8)
    assert rate["low"] < 0.25 < rate["high"]
    assert lines["training_request", ""]["value"] == 0
    assert asks_for_training(live.lake, DS) == (False, "no measure asks for training")


def test_a_broken_promise_asks_for_training_once(live: Live, tmp_path: Path) -> None:
    deliver(live.lake, DS, liked=False)
    publish(live.lake, DS, shift=3.0)
    known = frozenset(list(live.served.item_ids)[: ITEMS // 2])
    lines = live.night(item_ids=known)
    failed = {measure for (measure, _), row in lines.items() if row["status"] == "fail"}
    assert failed == {"event_mix", "unknown_items", "score_drift", "random_auc", "training_request"}
    answer, why = asks_for_training(live.lake, DS)
    assert answer
    assert "random_auc random exposure" in why
    file = tmp_path / "settings.toml"
    file.write_text(f'[paths]\nwork = "{live.settings.paths.work}"\n', encoding="utf-8")
    asked = ["--settings", str(file), "--ds"]
    assert main(request_training.JOB, [*asked, DS.isoformat()]) == 0
    assert main(request_training.JOB, [*asked, "2020-01-01"]) == 99

    monitored = live.settings.monitor.model_copy(update={"quiet_days": 3})
    quiet = replace(live, settings=live.settings.model_copy(update={"monitor": monitored}))
    later = DS + dt.timedelta(days=1)
    deliver(live.lake, later, liked=False)
    flag = quiet.night(later, trained_on="2026-01-01", item_ids=known)["training_request", ""]
    assert (flag["value"], flag["status"]) == (0, "warn")
    assert "requested on 2026-03-01" in flag["detail"]


def test_too_little_to_tell_is_unknown(live: Live) -> None:
    lines = live.night(trained_on=DS.isoformat(), version="9")
    assert lines["random_auc", "random exposure"]["status"] == "unknown"
    assert lines["score_drift", ""]["detail"] == "first night of version 9"
    assert lines["coverage", ""]["status"] == "unknown"


def test_responses_belong_to_the_session_and_come_after() -> None:
    rows = [
        event(1, 0, 0, "view", None, DS),
        event(2, 0, 0, "impression", "a", DS),
        event(3, 0, 1, "impression", "a", DS),
        event(4, 0, 1, "cart", None, DS),
        {**event(5, 0, 2, "impression", "b", DS), "session_id": None},
    ]
    shown = impressions(pd.DataFrame(rows))
    assert sorted(zip(shown["item_id"], shown["clicked"], strict=True)) == [("i000", 0), ("i001", 1)]
    (line,) = click_through([shown])
    assert (line.slice, line.value) == ("a", 0.5)
    assert click_through([]) == []


def test_stability_index_is_zero_for_equal_shares_and_grows() -> None:
    old = np.array([100.0, 100.0])
    assert psi(old, old) == 0
    assert 0 < psi(old, np.array([110.0, 90.0])) < psi(old, np.array([150.0, 50.0]))


@pytest.mark.browser
def test_page(live: Live) -> None:
    live.night()
    page_file = monitoring_page(live.settings, live.lake, DS)
    with browser.opened(Path(page_file.address), browser.PHONE, "dark") as (page, complaints):
        assert complaints == []
        assert page.locator("h1").inner_text() == "No training was requested"
        assert page.locator("figure svg").count() == 7
        assert browser.sideways(page) <= 0
        assert browser.brightness(page, "body", "background-color") < 60
