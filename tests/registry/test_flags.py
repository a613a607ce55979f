"""Versions trained on what was erased since are counted; those that lost their tables as well."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from causalrec.errors import PinError
from causalrec.registry import flags
from causalrec.registry.flags import flag, flag_broken
from causalrec.registry.kept import ERASED, PINS

from .shop import settings_in
from .stored import Client, as_client

SETTINGS = settings_in(Path("/nowhere"))


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    """A store that is there."""
    made = Client()
    monkeypatch.setattr(flags, "store_exists", lambda settings: True)
    monkeypatch.setattr(flags, "connect", lambda settings: made)
    return made


def test_every_erasure_counts(client: Client) -> None:
    for number, tags in (("1", {}), ("2", {ERASED: "4"}), ("3", {})):
        client.add(number, tags)
    flag(SETTINGS, iter(["1", "2"]))
    assert [version.tags for version in client.versions] == [{ERASED: "1"}, {ERASED: "5"}, {}]
    assert client.asked == ["name='causalrec'"]


def test_without_a_store_nothing_is_asked(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.add("1")
    monkeypatch.setattr(flags, "store_exists", lambda settings: False)
    flag(SETTINGS, ["1"])
    assert (client.asked, client.versions[0].tags) == ([], {})


class Lake:
    """``events`` lost the files of version 3; ``gone`` is no table any more."""

    def table(self, name: str) -> SimpleNamespace:
        def snapshot(number: int) -> SimpleNamespace | None:
            def select(columns: None) -> None:
                assert columns is None
                if (name, number) == ("events", 3):
                    raise PinError("lost", do="nothing")

            return None if name == "gone" else SimpleNamespace(select=select)

        return SimpleNamespace(snapshot=snapshot)


def test_versions_whose_tables_lost_files_are_flagged_once(client: Client) -> None:
    def pinned(number: str, tags: dict[str, str], **pins: int) -> None:
        client.add(number, tags, {PINS: json.dumps(pins)})

    pinned("10", {}, products=1, events=3)
    pinned("9", {}, events=3)
    pinned("8", {ERASED: "1"}, events=3)
    pinned("7", {}, events=2, gone=3)
    client.add("6")
    lake: Any = Lake()
    told = [flags._broken(as_client(client), lake, one) for one in client.versions]
    assert told == [True, True, True, False, False]
    assert flag_broken(SETTINGS, lake) == ("9", "10")
    assert [one.tags.get(ERASED) for one in client.versions] == ["1", "1", "1", None, None]
    assert flag_broken(SETTINGS, lake) == ()
