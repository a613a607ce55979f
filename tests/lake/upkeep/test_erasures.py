"""The list of what was erased: salted, kept once, with receipts in the order of time."""

import datetime as dt
import hashlib
from pathlib import Path

import pytest

from causalrec.lake import Lake
from causalrec.lake.upkeep.erasures import PREFIX, TABLE, Erasures, token_of
from causalrec.lake.upkeep.subject import Subject

USER, ITEM = Subject.user("u"), Subject(("item", "u"))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path))


def test_nothing_was_erased_yet(lake: Lake) -> None:
    found = Erasures(lake)
    assert (found.tokens, found.knows(USER), found.named("user", ["u"])) == ([], False, [False])
    assert found.receipts(USER) == []
    assert len(found.salt) == 32
    assert found.salt != found.salt


def test_a_request_is_known_at_once_and_kept_once(lake: Lake) -> None:
    first = Erasures(lake)
    first.request(USER)
    assert first.knows(USER)
    assert not first.knows(ITEM)
    again = Erasures(lake)
    assert (again.salt, again.tokens) == (first.salt, first.tokens)
    again.request(USER)
    again.request(ITEM)
    assert len(again.tokens) == 2
    assert again.tokens == sorted(again.tokens)
    rows = lake.table(TABLE).read().to_pylist()
    assert [row["status"] for row in rows] == ["requested", "requested"]
    assert {row["salt"] for row in rows} == {first.salt}
    assert Erasures(lake).named("user", ["v", "u"]) == [False, True]
    assert Erasures(lake).named("item", ["u", "v"]) == [True, False]
    assert Erasures(lake).named("brand", ["u"]) == [False]


def test_all_of_a_brand_must_be_known(lake: Lake) -> None:
    brand = Subject(("brand", "b"), ("a", "c"))
    found = Erasures(lake)
    found.request(Subject(("item", "a")))
    assert not found.knows(brand)
    found.request(brand)
    assert found.knows(brand)
    assert len(found.tokens) == len(brand.pairs)


def test_receipts_are_of_the_subject_and_oldest_first(lake: Lake) -> None:
    found = Erasures(lake)
    found.request(USER)
    found.done(USER, {"n": 1})
    found.done(ITEM, {"n": 2})
    found.done(USER, {"n": 3})
    told = Erasures(lake).receipts(USER)
    assert [one["n"] for one in told] == [1, 3]
    moments = [dt.datetime.fromisoformat(one["at"]) for one in told]
    assert moments == sorted(moments)
    assert moments[0].utcoffset() == dt.timedelta(0)


def test_tokens_tell_kinds_apart() -> None:
    assert PREFIX == {"user": "", "item": "item\x1f", "brand": "brand\x1f"}
    assert token_of("s", "user", "u") == hashlib.sha256(b"su").hexdigest()
    assert token_of("s", "item", "u") == hashlib.sha256(b"sitem\x1fu").hexdigest()
