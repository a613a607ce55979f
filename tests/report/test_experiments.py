"""The section of an experiment: verdicts, items that an arm shifts, and lists side by side, all escaped."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from causalrec.config import Settings
from causalrec.config.experiment import ExperimentSettings
from causalrec.lake import Lake, Ledger
from causalrec.registry.train import train_and_log
from causalrec.report.experiments import Shift, experiment_card
from causalrec.report.night import read_night
from causalrec.report.nightly import nightly_page, report_inputs
from causalrec.report.people import people
from tests.experiment.rows import verdict
from tests.registry.shop import DS, replace_partition, settings_in, write_dataset

pytestmark = pytest.mark.slow

EVIL = "<script>alert('x')</script>"
DETAIL = f"{EVIL} by 0.05"
BLOCKED = [f"i{row:03d}" for row in range(20)]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Two arms of version 1; the lists of ``new`` hold none of the first half of the catalogue."""
    base = settings_in(tmp_path_factory.mktemp("experiment"))
    arms = {"new": {"share": 0.5, "scoring": {"blocked_items": BLOCKED, "new_item_share": 0.0}}}
    days = {"start": DS - dt.timedelta(days=1), "end": DS}
    chosen = ExperimentSettings.model_validate({"name": "spring", "arms": arms, **days})
    found = base.model_copy(update={"experiment": chosen})
    write_dataset(found, changes={"title": {1: EVIL}})
    lake = Lake(found.lake_root)
    train_and_log(found, lake, Ledger(lake), DS)
    rows = [
        listed("u000", 1, "i000", "control"), listed("u000", 2, "i001", "control"),
        listed("u001", 1, "i000", "control"), listed("u001", 2, "i002", "control"),
        listed("u002", 1, "i001", "new"), listed("u002", 2, "i003", "new"),
    ]  # fmt: skip
    replace_partition(lake, "recommendations", DS, rows)
    replace_partition(lake, "experiments", DS, [verdict("control", None), verdict("new", "better", DETAIL)])
    return found


def listed(user: str, rank: int, item: str, arm: str) -> dict[str, Any]:
    return {
        "user_id": user, "rank": rank, "item_id": item, "score": 1.0 / rank, "reason_code": "r",
        "reason_text": "r", "policy": f"causalrec:spring:{arm}", "model_version": "1", "dataset_id": "d",
    }  # fmt: skip


def test_what_the_card_says(settings: Settings) -> None:
    lake = Lake(settings.lake_root)
    card = experiment_card(settings, lake, DS, people(settings, lake, DS))
    assert card is not None
    more, less = card.shifts["new"]
    assert more == (Shift("i003", 1.0, 0.0), Shift("i001", 1.0, 0.5))
    assert less == (Shift("i000", 0.0, 1.0), Shift("i002", 0.0, 0.5))
    assert list(card.charts) == ["new"]
    assert {one.arm for one in card.people} == {"control", "new"}
    for one in card.people:
        assert set(one.lists) == {"control", "new"}
        assert not set(BLOCKED) & set(one.lists["new"])
        assert len(one.lists["control"]) == len(one.lists["new"]) == settings.scoring.k
    assert experiment_card(settings, lake, DS - dt.timedelta(days=9), []) is None
    after = DS + dt.timedelta(days=1)  # no lists any more, but the last word about them
    replace_partition(lake, "experiments", after, [verdict("new", "worse", DETAIL)])
    last = experiment_card(settings, lake, after, [])
    assert last is not None
    assert (last.people, last.shifts, [line["verdict"] for line in last.lines]) == ((), {}, ["worse"])


def test_the_page_of_the_night_shows_it(settings: Settings) -> None:
    lake = Lake(settings.lake_root)
    ledger = Ledger(lake)
    night = read_night(settings, lake, ledger, DS, ())
    page = nightly_page(settings, lake, night).html
    assert '<h2 id="experiment">Experiment spring</h2>' in page
    for text in (
        "1,234",
        "+0.05",
        "+0.01 to +0.09",
        "better",
        "only here",
        "of its lists, 100 % of the control",
    ):
        assert text in page
    assert EVIL not in page
    assert "experiment" in report_inputs(settings, ledger, DS, ())
    off = settings.model_copy(update={"experiment": ExperimentSettings()})
    assert "experiment" not in report_inputs(off, ledger, DS, ())
    assert 'id="experiment"' not in nightly_page(off, lake, night).html


def test_a_version_that_is_gone_costs_only_the_lists(settings: Settings, tmp_path: Path) -> None:
    lake = Lake(settings.lake_root)
    shown = people(settings, lake, DS)
    elsewhere = settings.registry.model_copy(update={"model_name": "nobody"})
    card = experiment_card(settings.model_copy(update={"registry": elsewhere}), lake, DS, shown)
    assert card is not None
    assert card.people == ()
    assert "nobody has no version 1" in card.why_not
    assert card.lines


def test_lists_of_both_show_who_chose_what(settings: Settings) -> None:
    chosen = settings.experiment.model_copy(update={"design": "interleave"})
    lake, both = Lake(settings.lake_root), settings.model_copy(update={"experiment": chosen})
    card = experiment_card(both, lake, DS, people(both, lake, DS))
    assert card is not None
    shown = {one.user_id: one.shown for one in card.people}
    assert shown["u000"] == (("i000", "control"), ("i001", "control"))
    assert shown["u002"] == (("i001", "new"), ("i003", "new"))
    assert all(set(one.lists) == {"control", "new"} and not one.arm for one in card.people)
    page = nightly_page(both, lake, read_night(both, lake, Ledger(lake), DS, ())).html
    for text in ("chosen in turn", "by new", "</b> alone", "chooses these more often"):
        assert text in page
    assert "is in new" not in page
