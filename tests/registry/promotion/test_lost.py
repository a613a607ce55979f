"""A registry that lost what was decided is a fault with one line and a way back, never a first night."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from mlflow import MlflowClient

from causalrec.config import Settings
from causalrec.errors import LostRegistry, RegistryError
from causalrec.lake import Lake
from causalrec.registry.champion.alias import champion_of, decide_champion, known_champion
from causalrec.registry.champion.promotions import decided_champion, decisions
from causalrec.registry.kept import live_pins
from causalrec.registry.promotion.decisions import Decider, roll_back
from causalrec.registry.promotion.promote import _unasked
from causalrec.registry.promotion.repair import Repaired, repair
from causalrec.registry.store import connect, experiment_id
from causalrec.registry.versions import by_alias
from jobs import cli, need_champion
from jobs._stage.runner import EXIT_REFUSED, EXIT_YES, main

from ..rival import promotion
from ..shop import DS, settings_in

NAME = "causalrec"
EVA = Decider("eva", "")


@dataclass(frozen=True)
class Shop:
    """A shop whose version 2 of three was promoted after 1."""

    settings: Settings

    @property
    def lake(self) -> Lake:
        return Lake(self.settings.lake_root)

    @property
    def client(self) -> MlflowClient:
        return connect(self.settings)

    @property
    def database(self) -> Path:
        return Path(self.settings.tracking_uri.removeprefix("sqlite:///"))

    def champion(self) -> str | None:
        found = by_alias(self.client, self.settings, "champion")
        return None if found is None else found.version

    def file(self) -> str:
        path = self.settings.paths.work / "settings.toml"
        path.write_text(f'[paths]\nwork = "{self.settings.paths.work}"\n', encoding="utf-8")
        return str(path)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    work = tmp_path_factory.mktemp("sound")
    settings = settings_in(work)
    client = connect(settings)
    client.create_registered_model(NAME)
    for number in range(3):
        run = client.create_run(experiment_id(client, settings))
        client.create_model_version(NAME, f"file:///nowhere/{number}", run.info.run_id)
    client.set_registered_model_alias(NAME, "challenger", "3")
    for version in "12":
        decide_champion(client, settings, Lake(settings.lake_root), promotion(settings, version, "eva"))
    return work


@pytest.fixture
def shop(sound: Path, tmp_path: Path) -> Shop:
    shutil.copytree(sound, tmp_path / "work")
    return Shop(settings_in(tmp_path / "work"))


def emptied(shop: Shop) -> None:
    shop.database.write_bytes(b"")


def removed(shop: Shop) -> None:
    shop.database.unlink()


def scribbled(shop: Shop) -> None:
    shop.database.write_bytes(b"no database" * 1000)


def torn(shop: Shop) -> None:
    """Some pages in the middle are overwritten; the header stays."""
    whole = bytearray(shop.database.read_bytes())
    whole[8192:40960] = b"\xa5" * (40960 - 8192)
    shop.database.write_bytes(whole)


def without_alias(shop: Shop) -> None:
    shop.client.delete_registered_model_alias(NAME, "champion")


def without_version(shop: Shop) -> None:
    shop.client.delete_model_version(NAME, "2")


def older_copy(shop: Shop) -> None:
    """As a copy has it that was made before version 2."""
    shop.client.set_registered_model_alias(NAME, "champion", "1")
    shop.client.delete_model_version(NAME, "2")


def renamed(shop: Shop) -> None:
    shop.client.rename_registered_model(NAME, "another")


FAULTS = [emptied, removed, scribbled, torn, without_alias, without_version, older_copy, renamed]


@pytest.mark.parametrize("fault", FAULTS)
def test_whoever_needs_the_champion_is_told_in_one_line(
    shop: Shop, fault: Callable[[Shop], None], capsys: pytest.CaptureFixture[str]
) -> None:
    fault(shop)
    with pytest.raises(LostRegistry, match="history --repair"):
        known_champion(shop.settings, shop.lake)
    with pytest.raises(LostRegistry):  # upkeep would delete what the champion was made from
        live_pins(shop.settings, shop.lake)
    capsys.readouterr()
    assert main(need_champion.JOB, ["--ds", DS.isoformat(), "--settings", shop.file()]) == EXIT_REFUSED
    said = capsys.readouterr().out.strip()
    assert said.count("\n") == 0
    assert "history --repair" in said


@pytest.mark.parametrize("fault", [without_alias, without_version])
def test_nothing_promotes_itself_after_a_loss(shop: Shop, fault: Callable[[Shop], None]) -> None:
    fault(shop)
    gate = shop.settings.gate.model_copy(update={"auto_approve": "first"})
    settings = shop.settings.model_copy(update={"gate": gate})
    with pytest.raises(LostRegistry, match=r"version 2 of causalrec is champion \(promoted by eva on"):
        champion_of(shop.client, settings, shop.lake)
    assert not _unasked(settings, shop.lake, None)


def test_the_alias_is_put_back(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    without_alias(shop)
    shop.client.delete_registered_model_alias(NAME, "challenger")
    assert cli.main(["history", "--repair", "--settings", shop.file()]) == 0
    assert "version 2 is champion again (MLflow had none)" in capsys.readouterr().out
    assert shop.champion() == "2"
    assert by_alias(shop.client, shop.settings, "challenger") is not None
    assert repair(shop.settings, shop.lake, EVA, DS) == Repaired("nothing", "2", "2")
    assert len(decisions(shop.lake)) == 2


def test_an_alias_that_was_moved_by_hand_is_said_and_put_back(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.client.set_registered_model_alias(NAME, "champion", "3")
    assert cli.main(["history", "--settings", shop.file()]) == 0
    assert "MLflow has version 3 as champion, the newest decision is for 2" in capsys.readouterr().out
    assert repair(shop.settings, shop.lake, EVA, DS) == Repaired("alias", "2", "3")
    assert shop.champion() == "2"


def test_a_version_that_is_gone_is_given_up_by_a_person(shop: Shop) -> None:
    without_version(shop)
    assert repair(shop.settings, shop.lake, EVA, DS).done == "given_up"
    last = decisions(shop.lake)[-1]
    assert (last.word, last.version, last.who) == ("lost", "2", "eva")
    assert decided_champion(shop.lake) is None
    assert known_champion(shop.settings, shop.lake) is None
    first = shop.settings.gate.model_copy(update={"auto_approve": "first"})
    assert not _unasked(shop.settings.model_copy(update={"gate": first}), shop.lake, None)
    assert main(need_champion.JOB, ["--ds", DS.isoformat(), "--settings", shop.file()]) == EXIT_YES
    assert repair(shop.settings, shop.lake, EVA, DS) == Repaired("nothing")


def test_history_shows_decisions_although_mlflow_lost_them(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    without_alias(shop)
    assert cli.main(["history", "--settings", shop.file()]) == 0
    out = capsys.readouterr().out
    assert out.count("promoted") >= 2
    assert "but MLflow at" in out


def test_there_is_no_going_back_from_nothing(shop: Shop) -> None:
    without_version(shop)
    repair(shop.settings, shop.lake, EVA, DS)
    with pytest.raises(RegistryError, match="there is no champion to go back from"):
        roll_back(shop.settings, shop.lake, EVA)
