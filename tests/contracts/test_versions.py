"""A contract changes only together with its version: what each version said is on record here."""

import hashlib
import json
from pathlib import Path

import pytest
import yaml

from causalrec.contracts import Contract, contract_names, load_contract
from causalrec.contracts.load import SCHEMAS
from causalrec.errors import ContractError

RECORD = Path(__file__).with_name("versions.json")
"""Contract -> version -> digest of what rows are promised to be."""


def promised(contract: Contract) -> str:
    """Digest of all that a stored row depends on; descriptions and batch expectations may change freely."""
    rules = contract.extensions
    tree = [
        [(c.name, c.type, c.required, c.classification) for c in contract.columns],
        [contract.key, contract.partition_by, contract.write, dict(sorted(rules.texts.items()))],
        [rule.model_dump(mode="json") for rule in contract.rules],
        rules.duplicates.model_dump(mode="json") if rules.duplicates else None,
    ]
    return hashlib.sha256(json.dumps(tree).encode()).hexdigest()[:16]


@pytest.mark.parametrize("name", contract_names())
def test_no_change_without_a_new_version(name: str) -> None:
    contract = load_contract(name)
    known = json.loads(RECORD.read_text()).get(name, {}).get(contract.version)
    assert known == promised(contract), (
        f"schemas/{name}.yaml {contract.version} is not what {RECORD.name} has of it: raise its version, say "
        f"under 'added' what older rows read as where a required column is new, and record "
        f'"{contract.version}": "{promised(contract)}"'
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("required: true, classification: user_id", "required: false, classification: user_id"),
        ("classification: user_id", "classification: none"),
        ("price >= 0", "price >= 1"),
        ("by: [event_id]", "by: [event_id, user_id]"),
    ],
)
def test_what_counts_as_a_change(tmp_path: Path, old: str, new: str) -> None:
    text = (SCHEMAS / "events.yaml").read_text()
    assert old in text
    (tmp_path / "events.yaml").write_text(text.replace(old, new, 1))
    assert promised(load_contract("events", tmp_path)) != promised(load_contract("events"))
    (tmp_path / "same").mkdir()
    (tmp_path / "same" / "events.yaml").write_text(text.replace("Who", "Whoever", 1))
    assert promised(load_contract("events", tmp_path / "same")) == promised(load_contract("events"))


@pytest.mark.parametrize(
    ("added", "message"),
    [
        ({"colour": {"since": "2.0.0", "value": 1}}, "events.yaml says that colour was added"),
        ({"price": {"since": "2.0.0", "column": "cost"}}, "events.yaml says that cost was added"),
        (
            {"price": {"since": "2.0.0"}},
            r"events.yaml line \d+: customProperties.added.*give value or column",
        ),
    ],
)
def test_what_older_rows_read_as_must_make_sense(tmp_path: Path, added: object, message: str) -> None:
    tree = yaml.safe_load((SCHEMAS / "events.yaml").read_text())
    tree["customProperties"].append({"property": "added", "value": added})
    (tmp_path / "events.yaml").write_text(yaml.safe_dump(tree))
    with pytest.raises(ContractError, match=message):
        load_contract("events", tmp_path)
