"""Ids of no catalogue beside the ids that they may mean."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from causalrec.ingest.nearmiss import near_misses, plain, told

KNOWN = pa.array(["0042", "A-17", "café", "x.0y"])


def test_what_exports_change() -> None:
    missing = pa.array(["42", "a17 ", "cafe\u0301", "gone", "42.0"])
    assert near_misses(missing, KNOWN) == [
        ("42", "0042"), ("a17 ", "A-17"), ("cafe\u0301", "café"), ("42.0", "0042"),
    ]  # fmt: skip
    assert told(missing, KNOWN) == (
        "4 of them differ from a known id only by case, zeros, blanks or signs: "
        "'42' for '0042', 'a17 ' for 'A-17', 'cafe\u0301' for 'café'"
    )
    assert told(pa.array(["b", "c", "d", "e"]), KNOWN) == "such as 'b', 'c', 'd'"


@given(st.text(st.characters(categories=["Lu", "Ll", "Nd"]), min_size=1, max_size=8), st.integers(0, 3))
def test_zeros_blanks_and_signs_change_nothing(one: str, zeros: int) -> None:
    written = f" {'0' * zeros}{one[:1]}-{one[1:]}"
    assert plain(pa.array([written])) == plain(pa.array([one]))


def test_zero_stays_an_id() -> None:
    assert plain(pa.array(["0", "000", "-"])).to_pylist() == ["0", "0", ""]
