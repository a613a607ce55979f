"""Approve, reject, leave, roll back: on a real store, each with its row."""

import io
import json
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from causalrec.config import Settings
from causalrec.errors import RegistryError, SettingsError
from causalrec.lake import Lake, Ledger
from causalrec.registry.champion.promotions import decisions
from causalrec.registry.gate.evaluate import evaluate_version
from causalrec.registry.promotion.decisions import (
    Decider,
    answer_question,
    decide_by_hand,
    roll_back,
    waiting,
)
from causalrec.registry.promotion.promote import promote_version
from causalrec.registry.store import connect
from causalrec.registry.train import train_and_log
from causalrec.registry.versions import need
from causalrec.run import open_run
from jobs import answer, cli, need_approval

from ..shop import DS, settings_in, write_dataset

EVA = Decider("eva", "looks right")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A shop of its own in which people are asked."""
    base = settings_in(tmp_path_factory.mktemp("decisions"))
    page = base.registry.model_copy(update={"page_url": "http://127.0.0.1:5000/"})
    asking = base.gate.model_copy(update={"auto_approve": "never", "max_relative_loss": 0.9})
    return base.model_copy(update={"gate": asking, "registry": page})


def challenger(settings: Settings, seed: int) -> str:
    """Trains, evaluates and asks the gate; returns the version."""
    lake = Lake(settings.lake_root)
    write_dataset(settings, seed=seed)
    train_and_log(settings, lake, Ledger(lake), DS)
    evaluate_version(settings, lake, Ledger(lake), DS)
    note = promote_version(settings, lake, Ledger(lake), DS).note
    version = need(connect(settings), settings, "challenger").version
    assert note.startswith(f"version {version} passed the gate and is waiting for approval")
    return version


def command(settings: Settings, *words: str) -> tuple[int, str]:
    """Runs ``causalrec WORDS`` in the shop, on a wide terminal."""
    file = settings.paths.work / "settings.toml"
    file.write_text(f'[paths]\nwork = "{settings.paths.work}"\n', encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.StringIO()) as said:
        patch.setenv("COLUMNS", "200")
        status = cli.main([*words, "--settings", str(file)])
    return status, said.getvalue()


def test_people_decide_and_every_decision_has_its_row(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One story, since each step needs the registry as the step before left it."""
    lake = Lake(settings.lake_root)
    assert need_approval.approval_needed(open_run(settings, DS)) == (
        False,
        "no version is waiting for approval",
    )
    with pytest.raises(RegistryError, match="no challenger"):
        decide_by_hand(settings, lake, "approve", EVA)

    assert challenger(settings, 0) == "1"
    asked, line = need_approval.approval_needed(open_run(settings, DS))
    assert asked
    assert json.loads(line)["version"] == "1"
    assert json.loads(line)["text"] == (
        "Version 1 of causalrec, trained on data up to 2026-03-01; there is no champion yet.\n"
        "* [Model version in MLflow](http://127.0.0.1:5000/#/models/causalrec/versions/1)"
    )
    left = decide_by_hand(settings, lake, "leave", Decider("nobody", ""))
    assert (left.word, left.champion) == ("left", None)
    assert waiting(settings, lake) is not None  # it still waits
    with pytest.raises(RegistryError, match="cannot be rejected without a reason"):
        decide_by_hand(settings, lake, "reject", Decider("eva", " "))
    taken = decide_by_hand(settings, lake, "approve", EVA)
    assert (taken.word, taken.before, taken.champion) == ("promoted", None, "1")
    assert waiting(settings, lake) is None
    with pytest.raises(RegistryError, match="already champion"):
        decide_by_hand(settings, lake, "approve", EVA)
    with pytest.raises(RegistryError, match="no champion before version 1"):
        roll_back(settings, lake, EVA)

    # the second is rejected by Airflow's answer, and can no longer wait
    assert challenger(settings, 1) == "2"
    monkeypatch.setenv("CAUSALREC_ANSWER", "Reject")
    monkeypatch.setenv("CAUSALREC_ANSWER_BY", "otto")
    monkeypatch.setenv("CAUSALREC_ANSWER_WHY", "too many of one brand")
    with pytest.raises(SettingsError, match="CAUSALREC_ANSWER_VERSION is ''"):
        answer.said()
    monkeypatch.setenv("CAUSALREC_ANSWER_VERSION", "2")
    said = answer.said()
    assert answer_question(settings, lake, said.answer, said.person, said.version).champion == "1"
    assert waiting(settings, lake) is None
    again = answer_question(settings, lake, said.answer, said.person, said.version)  # a task that is retried
    assert (again.word, again.champion, again.written) == ("rejected", "1", None)
    with pytest.raises(RegistryError, match="was rejected by otto while the question was open"):
        answer_question(settings, lake, "approve", EVA, "2")
    with pytest.raises(RegistryError, match="version 1 is champion -> go back to the version before it"):
        decide_by_hand(settings, lake, "reject", Decider("eva", "odd"), "1")
    monkeypatch.setenv("CAUSALREC_ANSWER", "Maybe")
    with pytest.raises(SettingsError, match="Maybe"):
        answer.said()

    # the third takes over, and two versions that were compared with the first champion come too late
    assert challenger(settings, 2) == "3"
    status, out = command(settings, "promote", "--who", "eva")
    assert (status, out.strip()) == (0, "version 3 is champion now (champion: 1 -> 3)")
    with pytest.raises(RegistryError, match="compared with 1, champion is now 3"):
        decide_by_hand(settings, lake, "approve", EVA, "2")
    with pytest.raises(RegistryError, match="no version 9"):
        decide_by_hand(settings, lake, "approve", EVA, "9")

    back = roll_back(settings, lake, Decider("eva", "complaints"))
    assert (back.word, back.before, back.champion) == ("rolled_back", "3", "1")
    assert need(connect(settings), settings, "champion").version == "1"
    returned = command(settings, "rollback", "--to", "3", "--why", "was the weather", "--who", "eva")
    assert returned == (0, "version 3 is champion again (champion: 1 -> 3)\n")

    found = [(row.word, row.before, row.version, row.who) for row in decisions(lake)]
    assert found == [
        ("left", None, "1", "nobody"),
        ("promoted", None, "1", "eva"),
        ("rejected", "1", "2", "otto"),
        ("promoted", "1", "3", "eva"),
        ("rolled_back", "3", "1", "eva"),
        ("rolled_back", "1", "3", "eva"),
    ]
    status, out = command(settings, "history")
    assert status == 0
    assert out.count("rolled_back") == 2
    assert "too many of one brand" in out
    assert out.index("was the weather") < out.index("complaints")  # newest first


def test_a_damaged_version_is_not_promoted(settings: Settings) -> None:
    lake = Lake(settings.lake_root)
    before = need(connect(settings), settings, "champion").version
    version = challenger(settings, 3)
    client = connect(settings)
    client.set_model_version_tag("causalrec", version, "package_sha256", "0" * 64)
    with pytest.raises(RegistryError, match="differs from the hash"):
        decide_by_hand(settings, lake, "approve", EVA)
    assert need(client, settings, "champion").version == before
    assert Path(settings.paths.work).is_dir()


def test_the_answer_is_about_the_version_that_was_asked_about(settings: Settings) -> None:
    """A version that passes the gate while the question is open is not what the person looked at."""
    lake = Lake(settings.lake_root)
    asked_about = challenger(settings, 4)
    _, line = need_approval.approval_needed(open_run(settings, DS))
    assert json.loads(line)["version"] == asked_about
    later = challenger(settings, 5)
    assert answer_question(settings, lake, "approve", EVA, asked_about).champion == asked_about
    assert need(connect(settings), settings, "champion").version == asked_about
    with pytest.raises(RegistryError, match=f"champion is now {asked_about}"):
        answer_question(settings, lake, "approve", EVA, later)
