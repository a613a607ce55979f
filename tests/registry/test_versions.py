"""Finding versions: what is absent is told from what does not answer."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR, INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST

from causalrec.config import Settings
from causalrec.errors import RegistryError
from causalrec.registry import forget as forgetting
from causalrec.registry import kept, versions
from causalrec.registry.forget import gate_passed, rows_in
from causalrec.registry.kept import live_versions
from causalrec.registry.versions import GATE, ModelVersion, by_alias, by_number, find_number, need, version_of

from .shop import settings_in
from .stored import Client, as_client

SETTINGS = settings_in(Path("/nowhere"))
FOUND = ModelVersion("shop", "3", "9", "uri of shop 3", {"a": "b"})


class Store:
    """Has a version 3, which is challenger; anything else fails with ``code``."""

    def __init__(self, code: int) -> None:
        self.code = code

    def _answer(self, name: str, there: bool) -> SimpleNamespace:
        assert name == "causalrec"
        if not there:
            raise MlflowException("it failed", error_code=self.code)
        return SimpleNamespace(name="shop", version=3, run_id=9, tags={"a": "b"})

    def get_model_version_by_alias(self, name: str, alias: str) -> SimpleNamespace:
        return self._answer(name, alias == "challenger")

    def get_model_version(self, name: str, number: str) -> SimpleNamespace:
        return self._answer(name, number == "3")

    def get_model_version_download_uri(self, name: str, number: int) -> str:
        return f"uri of {name} {number}"


def store(code: int) -> Any:  # noqa: ANN401 - it stands in for MLflow's client
    return Store(code)


@pytest.mark.parametrize("code", [RESOURCE_DOES_NOT_EXIST, INVALID_PARAMETER_VALUE])
def test_what_is_there_and_what_is_not(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    client = store(code)
    assert by_alias(client, SETTINGS, "challenger") == need(client, SETTINGS, "challenger") == FOUND
    assert by_number(client, SETTINGS, "3") == find_number(client, SETTINGS, "3") == FOUND
    assert by_alias(client, SETTINGS, "champion") is None
    assert find_number(client, SETTINGS, "4") is None
    with pytest.raises(RegistryError, match="causalrec has no version 4"):
        by_number(client, SETTINGS, "4")
    with pytest.raises(RegistryError, match="has no champion -> run train, evaluate and promote"):
        need(client, SETTINGS, "champion")
    monkeypatch.setattr(versions, "connect", lambda settings: client)
    monkeypatch.setattr(versions, "store_exists", lambda settings: True)
    assert (version_of(SETTINGS, "challenger"), version_of(SETTINGS, "champion")) == ("3", "")
    monkeypatch.setattr(versions, "store_exists", lambda settings: False)
    assert version_of(SETTINGS, "challenger") == ""


def test_a_missing_challenger_needs_a_training() -> None:
    client = store(RESOURCE_DOES_NOT_EXIST)
    client.get_model_version_by_alias = client.get_model_version
    with pytest.raises(RegistryError, match=r"has no challenger -> run train$"):
        need(client, SETTINGS, "challenger")


def test_an_outage_is_no_absence() -> None:
    client = store(INTERNAL_ERROR)
    with pytest.raises(RegistryError, match="check that MLflow is running"):
        by_alias(client, SETTINGS, "champion")
    with pytest.raises(RegistryError, match="check that MLflow is running"):
        find_number(client, SETTINGS, "4")


def keeping(newest: int) -> Settings:
    lake = SETTINGS.lake.model_copy(update={"keep_model_versions": newest})
    return SETTINGS.model_copy(update={"lake": lake})


def test_the_newest_and_the_named_are_alive() -> None:
    client = Client(aliases={"champion": "2"})
    for number in ("9", "2", "10", "1"):
        client.add(number)
    for newest, alive in ((1, ["10", "2"]), (2, ["10", "9", "2"]), (3, ["10", "9", "2"])):
        assert [one.version for one in live_versions(as_client(client), keeping(newest))] == alive
    assert set(client.asked) == {"name='causalrec'"}


def test_pins_of_the_living_but_of_nothing_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    client.add("1", run_tags={kept.PINS: '{"events": 4, "a": 2}'})
    client.add("2", run_tags={kept.PINS: '{"events": "3"}'})
    client.add("3", {kept.ERASED: "1"}, {kept.PINS: '{"events": 9}'})
    lake: Any = None
    monkeypatch.setattr(kept, "connect", lambda settings: client)
    monkeypatch.setattr(kept, "known_champion", lambda settings, lake: None)
    monkeypatch.setattr(kept, "store_exists", lambda settings: True)
    found = kept.live_pins(keeping(3), lake)
    assert [(pin.table, pin.version) for pin in found] == [("a", 2), ("events", 3), ("events", 4)]
    monkeypatch.setattr(kept, "store_exists", lambda settings: False)
    assert kept.live_pins(keeping(3), lake) == ()
    monkeypatch.setattr(kept, "known_champion", lambda settings, lake: FOUND)
    assert kept.live_pins(keeping(3), lake) == found


@pytest.mark.parametrize(
    ("said", "passed"), [({GATE: "promote"}, True), ({GATE: "keep"}, False), ({}, False)]
)
def test_whether_the_gate_passed(said: dict[str, str], passed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "connect", lambda settings: None)
    monkeypatch.setattr(forgetting, "need", lambda *asked: ModelVersion("shop", "3", "", "", said))
    assert gate_passed(SETTINGS) is passed


def test_rows_of_what_remains() -> None:
    def ids(*names: object) -> Any:  # noqa: ANN401 - arrays of ids
        return np.array(names, dtype=object)

    package: Any = SimpleNamespace(user_ids=ids("a", "b", "c"), item_ids=ids("1", "2"))
    dataset: Any = SimpleNamespace(user_ids=ids("c", "x", "a"), item_ids=ids("2", "1", "3"))
    users, items = rows_in(package, dataset)
    assert (users.tolist(), items.tolist()) == ([2, -1, 0], [1, 0, -1])
    assert users.dtype == items.dtype == np.int32
