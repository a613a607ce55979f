"""The batch gate: what is refused, with the numbers in the message."""

import datetime as dt

import pytest

from causalrec.config.ingest import IngestSettings
from causalrec.contracts import load_contract
from causalrec.errors import QualityError, SourceError
from causalrec.ingest.gate import check_files, check_rejects, check_volume
from causalrec.ingest.measure import Measures

EVENTS = load_contract("events")
PRODUCTS = load_contract("products")
DAYS = [dt.date(2026, 3, day) for day in range(1, 11)]


def measures(rows: int, rejected: int = 0, unreadable: int = 0) -> Measures:
    rejects = {"bad_price": rejected} if rejected else {}
    return Measures(
        rows, rows - rejected, rejects, unreadable, "a.jsonl: EOFError", 0, 0, {}, broken_files=["a.jsonl"]
    )


def test_no_rows() -> None:
    with pytest.raises(SourceError, match="events 2026-03-02: the delivery has 0 rows"):
        check_files({DAYS[0]: measures(5)}, DAYS[:2], EVENTS)


def test_broken_file() -> None:
    with pytest.raises(SourceError, match=r"1 unreadable file\(s\), one is a.jsonl: EOFError"):
        check_files({DAYS[0]: measures(5, unreadable=1)}, DAYS[:1], EVENTS)


def test_five_percent_of_the_usual_is_refused() -> None:
    before = dict(zip(DAYS[:9], [10, 10, 1_000, 900, 1_100, 1_000, 1_000, 1_200, 800], strict=True))
    settings = IngestSettings(min_rows_share=0.06)
    message = "events 2026-03-10: 50 rows, the median of the 7 before is 1,000; at least 6% are expected"
    with pytest.raises(QualityError, match=message):
        check_volume({DAYS[9]: measures(50)}, before, EVENTS, settings)
    check_volume({DAYS[9]: measures(60)}, before, EVENTS, settings)


def test_a_few_rows_a_day_vary_too_much_to_judge() -> None:
    before = dict.fromkeys(DAYS[:7], 22)
    check_volume({DAYS[7]: measures(1)}, before, EVENTS, IngestSettings(volume_min_median=23))
    with pytest.raises(QualityError, match="the median of the 7 before is 22"):
        check_volume({DAYS[7]: measures(1)}, before, EVENTS, IngestSettings(volume_min_median=22))


def test_the_first_delivery_has_nothing_to_compare_with() -> None:
    check_volume({DAYS[0]: measures(1)}, {}, EVENTS, IngestSettings())


def test_deliveries_of_one_run_are_compared_with_each_other_in_order() -> None:
    run = {DAYS[0]: measures(1_000), DAYS[1]: measures(3)}
    with pytest.raises(QualityError, match="2026-03-02: 3 rows"):
        check_volume(run, {}, EVENTS, IngestSettings())


def test_later_deliveries_do_not_count_for_an_older_one() -> None:
    check_volume({DAYS[0]: measures(3)}, {DAYS[1]: 1_000}, EVENTS, IngestSettings())


def test_changes_of_the_catalogue_may_be_few() -> None:
    check_volume({DAYS[1]: measures(1)}, {DAYS[0]: 100_000}, PRODUCTS, IngestSettings())


def test_share_of_rejected_rows() -> None:
    settings = IngestSettings(max_rejected_share=0.5)
    check_rejects({DAYS[0]: measures(10, 5)}, EVENTS, settings)
    with pytest.raises(
        QualityError, match=r"6 of 10 rows \(60.0%\) are rejected, at most 50.0% .*bad_price 6"
    ):
        check_rejects({DAYS[0]: measures(10, 6)}, EVENTS, settings)
