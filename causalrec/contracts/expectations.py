"""The Great Expectations suite of a contract.

Its expectations check a small frame of measures (one row per delivery), which Spark computes in one pass;
Great Expectations' own Spark backend would start a job per expectation.
"""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from causalrec.contracts.contract import Contract
from causalrec.contracts.datadocs import BATCH, docs_context, write_page
from causalrec.errors import ContractError

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite


@dataclass(frozen=True)
class Failure:
    """An expectation that some deliveries do not meet.

    Attributes:
        name: name in the contract.
        description: what was expected.
        blocking: whether the batch must be refused.
        rows: key of each delivery that does not meet it.
        found: the values that were found instead.
    """

    name: str
    description: str
    blocking: bool
    rows: tuple[str, ...]
    found: tuple[str, ...]


@dataclass(frozen=True)
class SuiteResult:
    """The result of a suite on a batch: the failures, and Great Expectations' own result as a JSON tree."""

    failures: tuple[Failure, ...]
    result: dict[str, Any]


def prepare() -> None:
    """Import Great Expectations now, which takes seconds; run it in a thread beside other work."""
    docs_context(None)


def expectation_suite(contract: Contract) -> "ExpectationSuite":
    """The suite of a contract; a failing ``error`` is critical, a failing ``warning`` a warning.

    Raises:
        ContractError: the contract names an expectation or argument that does not exist.
    """
    docs_context(None)
    from great_expectations import ExpectationSuite
    from great_expectations.exceptions import GreatExpectationsError
    from great_expectations.expectations.registry import get_expectation_impl

    suite = ExpectationSuite(contract.name)
    for quality in contract.expectations:
        planned = quality.implementation
        try:
            expectation = get_expectation_impl(planned.type)(
                **planned.kwargs,
                severity="critical" if quality.severity == "error" else "warning",
                meta={"name": quality.name, "description": quality.description},
            )
        except (GreatExpectationsError, ValueError, TypeError) as error:
            raise ContractError(
                f"{contract.name}.yaml quality {quality.name}: {str(error)[:300]}",
                do="use an expectation and arguments of Great Expectations",
            ) from error
        suite.add_expectation(expectation)
    return suite


def validate(
    contract: Contract,
    measures: pd.DataFrame,
    key: str,
    docs: Path | None = None,
    run: dt.date | None = None,
) -> SuiteResult:
    """Check ``measures`` (one row per delivery, named by the column ``key``) against the contract's suite.

    Where ``docs`` and ``run`` are given, Data Docs are written below that folder: ``pages/index.html``.
    """
    if not contract.expectations:
        return SuiteResult((), {})
    context = docs_context(docs)
    suite = context.suites.add_or_update(expectation_suite(contract))
    source = context.data_sources.add_or_update_pandas(contract.name)
    batch = source.add_dataframe_asset(BATCH).add_batch_definition_whole_dataframe("all")
    result = batch.get_batch({"dataframe": measures}).validate(
        suite, result_format={"result_format": "COMPLETE", "unexpected_index_column_names": [key]}
    )
    tree = result.to_json_dict()
    if docs is not None and run is not None:
        write_page(context, docs, contract.name, run, result)
    failed = (_failure(entry, key) for entry in tree["results"] if not entry["success"])
    return SuiteResult(tuple(failed), tree)


def _failure(entry: dict[str, Any], key: str) -> Failure:
    config = entry["expectation_config"]
    misses = entry["result"].get("unexpected_index_list") or []
    column = config["kwargs"].get("column")
    return Failure(
        name=config["meta"]["name"],
        description=config["meta"]["description"],
        blocking=config["severity"] == "critical",
        rows=tuple(str(miss[key]) for miss in misses),
        found=tuple(f"{column}={miss[column]}" for miss in misses if column in miss),
    )
