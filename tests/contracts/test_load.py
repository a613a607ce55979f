"""Contracts are what the schema files say, and a broken file is named with its line."""

import json
import pickle
import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pyarrow as pa
import pytest
import yaml
from jsonschema import Draft201909Validator

from causalrec.contracts import contract_names, load_contract
from causalrec.contracts.load import SCHEMAS
from causalrec.errors import ContractError, ReasonCode

TABLES = {
    "events": ["arrival_date"],
    "products": ["arrival_date"],
    "images": ["arrival_date"],
    "image_failures": ["arrival_date"],
    "quarantine": ["table_name", "arrival_date"],
    "interactions": ["ds"],
    "exposures": ["ds"],
    "looks": ["ds"],
    "image_features": ["encoder_id"],
    "text_features": ["encoder_id"],
    "datasets": ["ds"],
    "evaluations": ["ds"],
    "gate_checks": ["ds"],
    "promotions": [],
    "recommendation_candidates": ["ds"],
    "recommendations": ["ds"],
    "ledger": ["ds"],
    "landing_events": [],
    "landing_products": [],
}


def test_every_table_has_a_contract_with_its_partitions() -> None:
    assert {n: list(load_contract(n).partition_by) for n in TABLES} == TABLES
    assert set(TABLES) <= set(contract_names())


@pytest.mark.parametrize("name", contract_names())
def test_keys_and_partitions_are_required_columns(name: str) -> None:
    contract = load_contract(name)
    for column in (*contract.key, *contract.partition_by):
        assert contract.column(column).required
    assert contract.owner
    assert contract.retention_days > 0


def test_append_only_tables() -> None:
    appended = {name for name in contract_names() if load_contract(name).write == "append"}
    assert appended == {"image_features", "text_features", "promotions", "ledger", "erasures"}


def test_arrow_schema_of_events() -> None:
    schema = load_contract("events").arrow_schema
    assert schema.field("event_time").type == pa.timestamp("us", tz="UTC")
    assert schema.field("position") == pa.field("position", pa.int32(), nullable=True)
    assert schema.field("user_id") == pa.field("user_id", pa.string(), nullable=False)
    assert schema.names[-1] == "arrival_date"


def test_candidates_and_recommendations_have_the_same_columns() -> None:
    assert load_contract("recommendation_candidates").columns == load_contract("recommendations").columns


def test_rules_carry_reason_codes_in_order() -> None:
    reasons = [rule.reason for rule in load_contract("events").rules]
    assert reasons[0] is ReasonCode.WRONG_PARTITION
    assert reasons[-1] is ReasonCode.BAD_PROPENSITY


def test_contracts_travel_to_workers() -> None:
    contract = load_contract("events")
    assert pickle.loads(pickle.dumps(contract)) == contract  # noqa: S301 - our own bytes


def test_unknown_contract_names_the_known_ones() -> None:
    with pytest.raises(ContractError, match=r"no contract nothing in .*events, "):
        load_contract("nothing")


def _changed(folder: Path, old: str, new: str) -> Path:
    text = (SCHEMAS / "events.yaml").read_text()
    assert old in text
    (folder / "events.yaml").write_text(text.replace(old, new, 1))
    return folder


def _line_of(text: str) -> int:
    lines = (SCHEMAS / "events.yaml").read_text().splitlines()
    return next(i for i, line in enumerate(lines, 1) if text in line)


def test_unknown_reason_code_is_reported_with_its_line(tmp_path: Path) -> None:
    folder = _changed(tmp_path, "reason: too_old", "reason: too_late")
    with pytest.raises(ContractError, match=rf"events.yaml line {_line_of('reason: too_old')}: .*rowRules"):
        load_contract("events", folder)


def test_unknown_key_is_reported_with_its_line(tmp_path: Path) -> None:
    folder = _changed(tmp_path, "{name: user_id, logicalType", "{name: user_id, kind: x, logicalType")
    with pytest.raises(ContractError, match=rf"events.yaml line {_line_of('name: user_id')}: .*kind"):
        load_contract("events", folder)


def test_types_must_agree(tmp_path: Path) -> None:
    folder = _changed(
        tmp_path, "logicalType: integer, physicalType: int", "logicalType: integer, physicalType: string"
    )
    with pytest.raises(ContractError, match=r"column position: physicalType string does not fit integer"):
        load_contract("events", folder)


def test_a_column_stands_once(tmp_path: Path) -> None:
    folder = _changed(tmp_path, "name: item_id", "name: user_id")
    with pytest.raises(ContractError, match="declares column user_id twice"):
        load_contract("events", folder)


def test_broken_yaml_is_named(tmp_path: Path) -> None:
    (tmp_path / "events.yaml").write_text("name: [unclosed\n")
    with pytest.raises(ContractError, match=r"events\.yaml is not YAML"):
        load_contract("events", tmp_path)


@pytest.mark.parametrize("name", contract_names())
def test_every_contract_is_valid_under_the_standard(name: str) -> None:
    assert broken(yaml.safe_load((SCHEMAS / f"{name}.yaml").read_text())) == []


def broken(tree: object) -> list[str]:
    """What the official JSON schema of the standard finds wrong."""
    schema = json.loads((files("open_data_contract_standard") / "schema.json").read_text())
    return [error.message for error in Draft201909Validator(schema).iter_errors(tree)]


FOREIGN = """
servers: [{server: lake, type: s3, location: "s3://shop/lake", format: delta}]
tags: [nightly]
domain: shop
roles: [{role: reader, access: read}]
authoritativeDefinitions: [{url: "https://example.org/events", type: definition}]
"""


def test_a_contract_may_say_everything_that_the_standard_knows(tmp_path: Path) -> None:
    text = (SCHEMAS / "events.yaml").read_text()
    for old, new in (
        ("apiVersion: v3.1.0", "apiVersion: v3.2.0"),
        ("{name: user_id, ", "{name: user_id, businessName: Shopper, tags: [personal], "),
        ("slaProperties:\n", "slaProperties:\n  - {property: latency, value: 1, unit: d, element: events}\n"),
        (
            "    quality:\n",
            "    quality:\n      - {name: rows, type: sql, query: SELECT count(*), mustBe: 1}\n",
        ),
        ("customProperties:\n", "customProperties:\n  - {property: board, value: x, vendor: catalogue}\n"),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (tmp_path / "events.yaml").write_text(text + FOREIGN)
    assert broken(yaml.safe_load(text + FOREIGN)) == []
    found, ours = load_contract("events", tmp_path), load_contract("events")
    assert replace(found, digest=ours.digest) == ours


@pytest.mark.parametrize(
    ("promise", "message"),
    [
        ("{property: latency, value: 1, unit: d}", "does not say how long rows are kept"),
        ("{property: retention, value: 2, unit: h}", "says retention 2 h"),
        ("{property: retention, value: 0, unit: d}", "says retention 0 d"),
    ],
)
def test_how_long_rows_are_kept_must_be_said(tmp_path: Path, promise: str, message: str) -> None:
    line = re.search(r"\{property: retention.*\}", (SCHEMAS / "events.yaml").read_text())
    assert line is not None
    with pytest.raises(ContractError, match=message):
        load_contract("events", _changed(tmp_path, line.group(), promise))


def test_retention_in_years(tmp_path: Path) -> None:
    line = re.search(r"\{property: retention.*\}", (SCHEMAS / "events.yaml").read_text())
    assert line is not None
    folder = _changed(tmp_path, line.group(), "{property: retention, value: 2, unit: y}")
    assert load_contract("events", folder).retention_days == 730


def test_a_misspelt_custom_property_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="volumeGates"):
        load_contract("events", _changed(tmp_path, "property: volumeGate\n", "property: volumeGates\n"))
