"""Tuned settings lie between the defaults and everything explicit."""

import datetime as dt
from pathlib import Path

import pytest

from causalrec.config import load_settings
from causalrec.config.bench import Value
from causalrec.config.tuned import FILE, Tuned, in_use, last_tuned, read_tuned, write_tuned
from causalrec.errors import SettingsError
from causalrec.store import Location

CHANGE: dict[str, Value] = {"model.topology.left_out": 0.2, "model.dim": 96, "training.loss": "softmax"}

FOUND = Tuned("causal", dt.date(2026, 3, 1), CHANGE, 'found by "a test"')


@pytest.fixture
def work(tmp_path: Path) -> Path:
    write_tuned(Location(str(tmp_path)), FOUND)
    return tmp_path


def environ(work: Path, **further: str) -> dict[str, str]:
    return {"CAUSALREC__PATHS__WORK": str(work), **further}


def test_what_is_written_is_read(work: Path) -> None:
    tree = read_tuned(Location(str(work)), "causal")
    assert tree == {"model": {"dim": 96, "topology": {"left_out": 0.2}}, "training": {"loss": "softmax"}}


def test_the_last_search_is_known_for_its_model(work: Path, tmp_path: Path) -> None:
    assert last_tuned(Location(str(work)), "causal") == FOUND
    assert last_tuned(Location(str(work)), "lightgcn") is None
    assert last_tuned(Location(str(tmp_path / "nowhere")), "causal") is None


def test_they_take_the_place_of_defaults(work: Path) -> None:
    settings = load_settings(None, environ(work))
    assert (settings.model.dim, settings.model.topology.left_out) == (96, 0.2)


def test_a_file_and_the_environment_lie_above(work: Path, tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text("[model]\ndim = 32\n", encoding="utf-8")
    settings = load_settings(file, environ(work, CAUSALREC__MODEL__TOPOLOGY__LEFT_OUT="0.5"))
    assert (settings.model.dim, settings.model.topology.left_out) == (32, 0.5)


def test_what_is_in_use_is_what_nothing_explicit_replaced(work: Path) -> None:
    settings = load_settings(None, environ(work, CAUSALREC__MODEL__TOPOLOGY__LEFT_OUT="0.5"))
    assert in_use(settings) == (
        'model.dim = 96, training.loss = softmax (data of 2026-03-01: found by "a test")'
    )
    assert in_use(load_settings(None, environ(work, CAUSALREC__MODEL__NAME="lightgcn"))) == ""


def test_those_of_another_model_are_not_used(work: Path) -> None:
    settings = load_settings(None, environ(work, CAUSALREC__MODEL__NAME="lightgcn"))
    assert settings.model.dim != 96


def test_they_can_be_left_out(work: Path) -> None:
    assert load_settings(None, environ(work), tuned=False).model.dim != 96


def test_a_damaged_file_says_what_to_do(work: Path) -> None:
    (work / FILE).write_text("model = = 3", encoding="utf-8")
    with pytest.raises(SettingsError, match="causalrec tune again"):
        load_settings(None, environ(work))
