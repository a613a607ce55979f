"""An id is found however a text spells it, and nothing else is."""

import csv
import html
import io
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import escape

from causalrec.lake.upkeep.subject import Subject

WRITERS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "JSON": json.dumps,
    "JSON without escapes": lambda one: json.dumps(one, ensure_ascii=False),
    "JSON in JSON": lambda one: json.dumps(json.dumps({"user_id": one})),
    "a page": html.escape,
    "a template": lambda one: str(escape(one)),
    "an address": quote,
    "a form": quote_plus,
    "a message": repr,
}
IDS = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp", "Mn")), min_size=2, max_size=12
)


@pytest.mark.parametrize("way", WRITERS)
@pytest.mark.parametrize(
    "one", ["u003", "o'brien@x.se", "a&b", "u<1>", 'say "u"', "uü", "u 1", "back\\slash"]
)
def test_known_hard_ids_are_found(one: str, way: str) -> None:
    assert Subject.user(one).word.search(f"<td>{WRITERS[way](one)}</td>")


@settings(max_examples=40)
@given(one=IDS, way=st.sampled_from(sorted(WRITERS)))
def test_any_id_is_found_however_it_is_written(one: str, way: str) -> None:
    assert Subject.user(one).word.search(f", {WRITERS[way](one)} ")


@settings(max_examples=40)
@given(one=IDS)
def test_a_cell_of_csv_is_found(one: str) -> None:
    line = io.StringIO()
    csv.writer(line).writerow(["x", one, "y"])
    assert Subject.user(one).word.search(line.getvalue())


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("user 17 is unknown", True),
        ("user_id=17", True),
        ("'17' is no id", True),
        ('{\\"user_id\\": \\"17\\"}', True),
        ("17 rows at 10:17:17", False),
        ("user 170", False),
    ],
)
def test_a_number_in_prose_counts_behind_a_name_or_in_quotes(text: str, named: bool) -> None:
    assert Subject.user("17").named(text) is named


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{"user_id": 17, "n": 1}', True),
        ('{"user_id": "2", "n": 17}', False),
        ('{"deep": [{"user_id": ["17"]}]}', True),
        ('{"17": 1}', True),
        ("17,i1,view", True),  # which cell it is nobody knows: the row goes
        ('{"user_id": "17"', True),
        ('{"user_id": 170', False),
    ],
)
def test_a_row_is_read_as_json_where_it_is_json(text: str, named: bool) -> None:
    assert Subject.user("17").mentioned(text) is named


def test_a_brand_takes_its_items_along() -> None:
    brand = Subject(("brand", "acme"), ("i1", "i2"))
    assert brand.pairs == [("item", "i1"), ("item", "i2"), ("brand", "acme")]
    assert brand.named("item i2 of acme")
