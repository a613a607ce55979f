"""Everything that a shop holds about a user goes or is named in the receipt as still there; twice is once."""

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from causalrec.config import Settings
from causalrec.contracts import table_names
from causalrec.erasure.erase import Receipt, erase, subject_of
from causalrec.erasure.forgotten import delete_flagged
from causalrec.erasure.store import Found
from causalrec.errors import LakeError, RegistryError
from causalrec.lake import Lake
from causalrec.lake.upkeep.erasures import Erasures
from causalrec.lake.upkeep.subject import Subject
from causalrec.registry.forget import forget_and_log
from causalrec.registry.kept import ERASED, live_pins
from causalrec.registry.store import connect
from causalrec.registry.versions import need
from jobs import cli
from tests.registry.conftest import Shop
from tests.registry.shop import DS, write_dataset

from .conftest import USER

pytestmark = pytest.mark.slow

WHO = Subject.user(USER)
MODELS = Found("still there", {"versions": 1}, ("1",), "causalrec forget makes a version without it; "
               "the others are deleted once that one is champion")  # fmt: skip


def run(settings: Settings, subject: Subject = WHO, *, really: bool = True) -> Receipt:
    return erase(settings, Lake(settings.lake_root), subject, really=really, passwords={})


def states(receipt: Receipt, state: str) -> dict[str, dict[str, int]]:
    return {name: dict(one.counts) for name, one in receipt.stores.items() if one.state == state}


HELD = {
    "table interactions": {"rows": 8},
    "table recommendations": {"rows": 2},
    "arrays of datasets": {"folders": 1},
    "checkpoints": {"files": 1},
    "pages and reports": {"files": 1},
    "exports in Parquet": {"rows": 2},
    "files of MLflow runs": {"files": 1},
    "lineage": {"lines": 1},
    "logs of Airflow": {"lines": 1},
}


def test_everywhere_with_a_receipt_and_once(settings: Settings, shop: Shop) -> None:
    lake, work = Lake(settings.lake_root), Path(settings.paths.work)
    planned = run(settings, really=False)
    assert states(planned, "there") == HELD
    assert planned.stores["models"] == MODELS
    assert {f"table {name}" for name in table_names()} < set(planned.stores)
    assert (work / "reports" / "night.html").exists()

    receipt = run(settings)
    assert states(receipt, "erased") == HELD
    assert set(receipt.left) == {"models", "landing zone", "truth of the demo shop"}
    assert receipt.flagged == ("1",)
    text = [path for path in work.rglob("*") if path.suffix in (".html", ".json", ".jsonl", ".log", ".csv")]
    assert [path for path in text if WHO.word.search(path.read_text())] == []
    exported = pq.read_table(work / "exports" / "recommendations" / f"{DS}.parquet")
    assert exported["user_id"].to_pylist() == ["u002", "u002"]
    assert (work / "airflow/logs/task.log").read_text() == "began\nuser [erased] is unknown\nended\n"
    (version,) = connect(settings).search_model_versions(f"name='{settings.registry.model_name}'")
    assert version.tags[ERASED] == "1"
    assert live_pins(settings, lake) == ()
    (stored,) = Erasures(lake).receipts(WHO)
    assert stored["stores"]["exports in Parquet"]["state"] == "erased"
    assert USER not in str(lake.table("erasures").read().to_pylist())

    before = lake.table("erasures").version()
    again = run(settings)
    assert (again.nothing, again.stores["models"]) == (True, MODELS)
    assert lake.table("erasures").version() == before


def test_a_model_that_was_never_registered_goes(settings: Settings, shop: Shop) -> None:
    client = connect(settings)
    source = str(client.get_model_version(shop.version.name, "1").source)
    experiment = client.get_run(shop.version.run_id).info.experiment_id
    copy = client.create_logged_model(experiment, "left", shop.version.run_id)
    target = Path(copy.artifact_location.removeprefix("file://"))
    model = client.get_logged_model(source.rpartition("/")[2])
    shutil.copytree(model.artifact_location.removeprefix("file://"), target, dirs_exist_ok=True)
    receipt = run(settings, Subject.user("u003"))
    assert states(receipt, "erased")["unregistered models"] == {"models": 1}
    assert list(target.iterdir()) == []


def test_an_item_and_a_brand_go_as_well(settings: Settings) -> None:
    lake = Lake(settings.lake_root)
    receipt = run(settings, subject_of(lake, "item", "i001"))
    assert receipt.stores["table recommendations"] == Found("erased", {"rows": 1, "log_entries": 2})
    assert lake.table("recommendations").read()["item_id"].to_pylist() == ["i002"]
    assert Erasures(lake).knows(Subject(("item", "i001")))
    assert not Erasures(lake).knows(Subject.user("i001"))
    assert run(settings, subject_of(lake, "item", "i001")).nothing


def test_an_empty_id_is_refused(settings: Settings) -> None:
    with pytest.raises(LakeError, match="no brand was given"):
        subject_of(Lake(settings.lake_root), "brand", " ")


def test_the_command_says_first_what_would_go(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CAUSALREC__PATHS__WORK", str(settings.paths.work))
    assert cli.main(["erase", "u004"]) == 0
    said = capsys.readouterr().out
    assert "table interactions" in said
    assert "add --yes" in said
    assert cli.main(["erase", "u004", "--yes"]) == 0
    assert "receipts: 1" in capsys.readouterr().out
    assert cli.main(["erase", "u004", "--yes"]) == 0
    assert "nothing is left" in capsys.readouterr().out
    assert cli.main(["erase", "", "--yes"]) == 1
    assert cli.main(["erase", "u004", "--item", "i001"]) == 2


def test_a_version_without_the_erased_replaces_the_one_that_knew_them(settings: Settings, shop: Shop) -> None:
    client, name = connect(settings), settings.registry.model_name
    client.set_registered_model_alias(name, "champion", "1")
    lake = Lake(settings.lake_root)
    write_dataset(settings)
    with pytest.raises(RegistryError, match="nothing to forget"):
        forget_and_log(settings, lake)
    write_dataset(settings, cold_users=1)
    made = forget_and_log(settings, lake)
    assert (made.counters["users_forgotten"], made.counters["items_forgotten"]) == (1, 0)
    challenger = need(client, settings, "challenger")
    assert (challenger.version, client.get_run(challenger.run_id).data.tags["forgot_from"]) == ("2", "1")
    assert delete_flagged(settings) == ()  # the champion stays

    client.set_registered_model_alias(name, "champion", "2")
    assert delete_flagged(settings) == ("1",)
    assert [str(one.version) for one in client.search_model_versions(f"name='{name}'")] == ["2"]
    gone = run(settings, Subject.user("u061"), really=False)
    assert gone.stores["models"] == gone.stores["unregistered models"] == Found("not there")
    assert delete_flagged(settings) == ()
