"""The suite of a contract, run by Great Expectations itself on a frame of measures."""

from dataclasses import replace

import pandas as pd
import pytest

from causalrec.contracts import load_contract
from causalrec.contracts.expectations import Failure, expectation_suite, validate
from causalrec.errors import ContractError

EVENTS = load_contract("events")
GOOD = {
    "arrival_date": "2026-03-01",
    "rows_good": 10,
    "distinct_user_id": 3,
    "distinct_item_id": 4,
    "positive_events": 2,
    "duplicate_share": 0.0,
    "rows_to_median": 1.0,
    "drift_event_type": 0.01,
    "drift_policy": None,
    "drift_price": 0.0,
}


@pytest.mark.slow
def test_suite_has_the_expectations_of_the_contract() -> None:
    suite = expectation_suite(EVENTS)
    assert [e.meta["name"] for e in suite.expectations] == [q.name for q in EVENTS.expectations]
    assert {e.severity for e in suite.expectations} == {"critical", "warning"}


def test_good_measures_pass() -> None:
    verdict = validate(EVENTS, pd.DataFrame([GOOD]), "arrival_date")
    assert verdict.failures == ()
    assert verdict.result["statistics"]["evaluated_expectations"] == len(EVENTS.expectations)


def test_failures_name_the_delivery_and_the_value() -> None:
    bad = GOOD | {"arrival_date": "2026-03-02", "rows_good": 0, "positive_events": 0}
    verdict = validate(EVENTS, pd.DataFrame([GOOD, bad]), "arrival_date")
    assert verdict.failures == (
        Failure(
            "rows_accepted",
            "every delivery leaves at least one accepted row",
            True,
            ("2026-03-02",),
            ("rows_good=0",),
        ),
        Failure(
            "positive_signal",
            "carts or purchases occur; a delivery without them trains nothing",
            False,
            ("2026-03-02",),
            ("positive_events=0",),
        ),
    )


def test_unknown_expectation_is_a_contract_error() -> None:
    first = EVENTS.expectations[0]
    wrong = first.model_copy(
        update={"implementation": first.implementation.model_copy(update={"type": "expect_nothing"})}
    )
    with pytest.raises(ContractError, match="quality rows_accepted"):
        expectation_suite(replace(EVENTS, expectations=(wrong,)))
