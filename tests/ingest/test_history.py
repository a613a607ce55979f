"""Volume and mix of a delivery against those before it, and that any number of rules costs the same jobs."""

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from causalrec.config import Settings
from causalrec.config.ingest import IngestSettings
from causalrec.contracts import load_contract
from causalrec.contracts.extensions import RowRule
from causalrec.errors import QualityError, ReasonCode
from causalrec.ingest.formats.rows import ReadLimits
from causalrec.ingest.history import Past, compared, counters_of, stability
from causalrec.ingest.mark import SourceFile, marked_rows, parsed_frame
from causalrec.ingest.measure import Measures, measure
from causalrec.ingest.parameters import rule_parameters
from causalrec.ingest.quality import check_expectations
from causalrec.store import Location

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

EVENTS = load_contract("events")
DAYS = [dt.date(2026, 3, day) for day in range(1, 5)]
USUAL = {"event_type": {"view": 900, "cart": 100}, "policy": {"": 1000}, "price": {"9": 1000}}


def delivery(rows: int, **seen: dict[str, int]) -> Measures:
    metrics = {
        "rows_good": rows, "distinct_user_id": 9, "distinct_item_id": 9, "positive_events": 9,
        "duplicate_share": 0.0,
    }  # fmt: skip
    return Measures(rows, rows, {}, 0, None, 0, 0, metrics, seen={**USUAL, **seen})


def judged(now: Measures, settings: IngestSettings | None = None) -> dict[dt.date, Measures]:
    past = dict.fromkeys(DAYS[:3], Past(1000, USUAL))
    return compared({DAYS[3]: now}, past, EVENTS, settings or IngestSettings())


def test_equal_shares_do_not_drift() -> None:
    assert stability({"a": 90, "b": 10}, {"a": 90, "b": 10}) == 0
    assert stability({"a": 5000, "b": 5000}, {"a": 7500, "b": 2500}) == pytest.approx(0.2746, abs=1e-3)
    assert stability({"a": 1000}, {"b": 1000}) > 5


def test_the_usual_delivery_passes(tmp_path: Path) -> None:
    found = judged(delivery(1000))
    assert found[DAYS[3]].metrics["rows_to_median"] == 1.0
    assert found[DAYS[3]].metrics["drift_event_type"] == pytest.approx(0, abs=1e-4)
    assert check_expectations(found, EVENTS, Location(str(tmp_path)), DAYS[3]) == []


def test_another_mix_or_size_is_a_warning(tmp_path: Path) -> None:
    now = delivery(4000, event_type={"view": 2000, "cart": 2000})
    notes = check_expectations(judged(now), EVENTS, Location(str(tmp_path)), DAYS[3])
    assert [note.split(" missed on ")[0] for note in notes] == ["volume_usual", "event_types_usual"]
    assert "rows_to_median=4.0" in notes[0]


def test_the_mix_of_another_shop_is_refused_unless_allowed(tmp_path: Path) -> None:
    now = delivery(1000, event_type={"purchase": 1000})
    with pytest.raises(QualityError, match="event_types_possible missed on 2026-03-04"):
        check_expectations(judged(now), EVENTS, Location(str(tmp_path)), DAYS[3])
    found = judged(now, IngestSettings(compare_history=False))
    assert check_expectations(found, EVENTS, Location(str(tmp_path)), DAYS[3]) == []


def test_few_rows_are_not_compared() -> None:
    metrics = judged(delivery(1000), IngestSettings(volume_min_median=1001))[DAYS[3]].metrics
    assert (metrics["rows_to_median"], metrics["drift_event_type"]) == (None, None)


@pytest.mark.spark
def test_any_number_of_rules_is_one_pass(spark: "SparkSession", tmp_path: Path) -> None:
    rows = [
        {
            "event_id": str(i), "event_time": f"2026-03-0{1 + i % 3}T12:00:00Z",
            "user_id": "u", "item_id": "i", "event_type": "cart" if i % 4 else "view",
            "utm": None if i % 5 else "x",
        }
        for i in range(20)
    ]  # fmt: skip
    file = tmp_path / "a.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    landing = load_contract("landing_events")
    source = SourceFile(str(file), "a.jsonl", DAYS[2])
    never = RowRule(reason=ReasonCode.BAD_PRICE, columns=("price",), must="price IS NULL OR price > -1")
    counts = []
    for extra in (0, 60):
        more = EVENTS.extensions.model_copy(update={"rowRules": (*EVENTS.rules, *[never] * extra)})
        table = replace(EVENTS, extensions=more)
        group = f"rules {extra}"
        spark.sparkContext.setJobGroup(group, "")
        parsed = parsed_frame(spark, [source], landing, ReadLimits(10_000, 1_000))
        with marked_rows(parsed, table, landing, rule_parameters(Settings())) as marked:
            found = measure(marked, table)[DAYS[2]]
        counts.append(len(spark.sparkContext.statusTracker().getJobIdsForGroup(group)))
    spark.sparkContext.setJobGroup("", "")
    assert counts[0] == counts[1] <= 6  # stages of two aggregates, submitted one by one
    assert found.late == {"2026-03-01": 7, "2026-03-02": 7}
    assert found.unknown_names == {"utm": 4}
    assert found.seen["event_type"] == {"cart": 15, "view": 5}
    assert counters_of(found)["late.2026-03-01"] == 7
