"""The two files for numpy, read by the reader of docs/vectors.md, against the served model."""

import re
from pathlib import Path
from typing import Any

import pytest

from causalrec.registry.package import open_package
from causalrec.registry.scoring_tables import write_scoring_tables

from .packages import HIDDEN
from .test_served import listed, served

ORIGIN = {"model": "causalrec", "version": "3"}


@pytest.mark.parametrize(
    ("name", "market", "left_out"),
    [("weighed", "", []), ("abroad", "AT", []), ("worded", "", ["places for new items"])],
)
def test_the_reader_of_the_page_gives_the_lists_of_the_served_model(
    packages: dict[str, Path], root: Path, tmp_path: Path, name: str, market: str, left_out: list[str]
) -> None:
    package = open_package(packages[name])
    header = write_scoring_tables(package, tmp_path, ORIGIN, market.lower())
    assert (header["not_applied"], header.get("market", "")) == (left_out, market)
    assert header | {"version": "3", "dim": 9, "normalised": False, "ordered_by": "dot"} == header
    page = (root / "docs" / "vectors.md").read_text(encoding="utf-8")
    (reader,) = (text for text in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "def top" in text)
    names: dict[str, Any] = {"folder": tmp_path}
    exec(reader, names)  # noqa: S102 - our own page
    users = [*package.user_ids, "nobody", "somebody else"]
    frame = listed(served(packages[name]), users, market=market)
    lists = frame.groupby("user_id")["item_id"].agg(list).to_dict()
    cold = set(frame["user_id"][frame["fallback"] == "cold_user"])
    assert {user: names["top"](user) for user in users if user not in cold} == {
        user: lists[user] for user in users if user not in cold
    }
    popularity = dict(zip(names["items"], names["t"]["popularity"], strict=True))
    for user in cold:  # many items are equally popular
        mine = names["top"](user)
        assert [popularity[item] for item in mine] == [popularity[item] for item in lists[user]]
        assert name == "worded" or HIDDEN.get(user) not in mine
