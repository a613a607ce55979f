"""Names, folders and values of partitions."""

import re

import pyarrow as pa
import pytest

from causalrec.errors import LakeError
from causalrec.lake.partition import folder, matches, normalise, render, text, value_of

SCHEMA = pa.schema([("n", pa.int64()), ("ds", pa.date32()), ("kind", pa.string())])


def test_names_and_folders() -> None:
    partition = {"kind": "a/b c%", "ds": "2026-03-01"}
    assert render(partition) == "kind=a/b c%/ds=2026-03-01"
    assert folder(partition) == "kind=a%2Fb c%25/ds=2026-03-01"
    assert (render({}), folder({})) == ("", "")
    unsafe = [chr(code) for code in (*range(32), 127)] + list("\"#%'*/:=?\\{}[]^")
    for one in unsafe:
        assert folder({"k": f"x{one}y"}) == f"k=x%{ord(one):02X}y"
    for one in " !$&()+,-.;<>@_`|~äé":
        assert folder({"k": one}) == f"k={one}"


def test_values_become_canonical_in_declared_order() -> None:
    found = normalise({"n": "007", "ds": "2026-03-01"}, ("ds", "n"), SCHEMA, "sales")
    assert list(found.items()) == [("ds", "2026-03-01"), ("n", "7")]


@pytest.mark.parametrize("given", [{"ds": "2026-03-01"}, {"ds": "2026-03-01", "n": "1", "kind": "x"}, {}])
def test_exactly_the_declared_columns_are_named(given: dict[str, str]) -> None:
    with pytest.raises(
        LakeError, match=re.escape(f"partition {sorted(given)} given, the table is partitioned")
    ):
        normalise(given, ("ds", "n"), SCHEMA, "sales")


@pytest.mark.parametrize("given", ["", None, 3])
def test_a_value_is_a_text(given: str) -> None:
    with pytest.raises(LakeError, match=re.escape(f"t.kind: partition value {given!r}")):
        value_of(given, pa.string(), "t.kind")


def test_a_value_is_of_its_type() -> None:
    assert value_of("2026-03-01", pa.date32(), "t.ds").as_py().isoformat() == "2026-03-01"
    assert text(pa.scalar(7)) == "7"
    with pytest.raises(LakeError, match=r"t\.ds: 'march' is not a valid date32"):
        value_of("march", pa.date32(), "t.ds")


def test_filters() -> None:
    partition = {"kind": "a", "ds": "2026-03-01"}
    assert matches(partition, None)
    assert matches(partition, {})
    assert matches(partition, {"kind": ["b", "a"]})
    assert not matches(partition, {"kind": ["b"]})
    assert not matches(partition, {"kind": ["a"], "ds": ["2026-03-02"]})
    assert not matches(partition, {"kind": []})
