"""The champion changes hands: several processes at once, one that dies half-way, hands in MLflow itself."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from causalrec.config import Settings
from causalrec.lake import Lake
from causalrec.registry.champion import alias
from causalrec.registry.champion.alias import SETTLED, champion_number, decide_champion, settle, settled
from causalrec.registry.champion.promotions import append_decision, decisions, read_history
from causalrec.registry.store import connect, experiment_id
from causalrec.registry.versions import by_alias, by_number
from jobs import cli

from ..rival import meeting, promote, promotion
from ..shop import settings_in

NAME = "causalrec"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A registry with three versions that nobody has decided about."""
    settings = settings_in(tmp_path_factory.mktemp("alias"))
    client = connect(settings)
    client.create_registered_model(NAME)
    for number in range(3):
        run = client.create_run(experiment_id(client, settings))
        client.create_model_version(NAME, f"file:///nowhere/{number}", run.info.run_id)
    return settings


def champion(settings: Settings) -> str | None:
    found = by_alias(connect(settings), settings, "champion")
    return None if found is None else found.version


def test_two_processes_promote_at_once_and_one_dies_half_way(
    settings: Settings,
    tmp_path: Path,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lake = Lake(settings.lake_root)
    command = [sys.executable, "-m", "tests.registry.rival", settings.model_dump_json(), str(tmp_path)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        command, cwd=root, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as rival:
        assert rival.stdin is not None
        assert rival.stdout is not None
        # both have seen that there is no champion: exactly one becomes it, the other is told
        with monkeypatch.context() as patched:
            patched.setattr(alias, "append_decision", meeting(tmp_path, "parent", "rival"))
            mine = promote(settings, "1", "parent")
        assert rival.stdout.readline() == "raced\n"
        theirs = (tmp_path / "outcome").read_text()
        (winner,) = decisions(lake)
        assert sorted([mine, theirs]) == [
            f"champion {winner.version}",
            f"refused: champion is version {winner.version}, expected none: it was promoted in the meantime "
            "-> run evaluate again and then promote",
        ]
        assert champion(settings) == winner.version

        # killed between the row and the alias: the champion is the old one, the next call finishes it
        rival.stdin.write("3\n")
        rival.stdin.flush()
        assert rival.wait(300) == -signal.SIGKILL
    assert [row.version for row in decisions(lake)] == [winner.version, "3"]
    assert champion(settings) == winner.version
    file = tmp_path / "settings.toml"
    file.write_text(f'[paths]\nwork = "{settings.paths.work}"\n', encoding="utf-8")
    assert cli.main(["history", "--settings", str(file)]) == 0
    assert "completed an interrupted decision: version 3 promoted by dying" in capsys.readouterr().out
    assert champion(settings) == "3"
    assert by_number(connect(settings), settings, "3").tags["answer"] == "approve"
    assert settled(settings, lake) is None


def test_what_was_done_is_not_done_again(settings: Settings) -> None:
    lake, client = Lake(settings.lake_root), connect(settings)
    decide_champion(client, settings, lake, promotion(settings, "1", "eva"))
    row = decisions(lake)[-1]

    # killed after the alias, before the note: nothing changes but the note
    client.delete_registered_model_tag(NAME, SETTLED)
    assert settle(client, settings, lake) == row
    assert (champion(settings), settle(client, settings, lake)) == ("1", None)

    # moved by hand in MLflow: that stays, and the next decision starts from it
    client.set_registered_model_alias(NAME, "champion", "2")
    assert settle(client, settings, lake) is None
    assert champion(settings) == "2"
    decide_champion(client, settings, lake, promotion(settings, "3", "eva"))
    assert (decisions(lake)[-1].before, champion(settings)) == ("2", "3")

    # decided, and then moved in MLflow before it was carried out: the later hand counts
    append_decision(lake, promotion(settings, "1", "eva"), read_history(lake))
    client.set_registered_model_alias(NAME, "champion", "2")
    assert settle(client, settings, lake) is not None
    assert champion(settings) == "2"


def test_a_row_of_another_store_moves_nothing(settings: Settings) -> None:
    """The lake may outlive MLflow's store; version numbers start anew there."""
    lake, client = Lake(settings.lake_root), connect(settings)
    before, row = champion(settings), promotion(settings, "1", "eva")
    append_decision(lake, replace(row, run_id="of another store"), read_history(lake))
    assert settle(client, settings, lake) is None
    append_decision(lake, replace(row, version="99"), read_history(lake))
    assert settle(client, settings, lake) is None
    assert champion(settings) == before


def test_rows_are_in_order_although_clocks_are_not(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake, seen = Lake(settings.lake_root), read_history(Lake(settings.lake_root))
    assert seen.newest is not None
    ahead = replace(seen.newest, at=seen.newest.at.replace(year=2100))
    append_decision(lake, promotion(settings, "1", "behind"), replace(seen, rows=(*seen.rows, ahead)))
    last = decisions(lake)[-1]
    assert (last.who, last.at > ahead.at) == ("behind", True)


def test_the_number_is_remembered_until_mlflow_or_the_table_changes(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Settings) -> None:
        raise AssertionError("MLflow was asked")

    lake, client = Lake(settings.lake_root), connect(settings)
    settle(client, settings, lake)  # what another test left open
    decide_champion(client, settings, lake, promotion(settings, "2", "eva"))
    assert champion_number(settings, lake) == "2"
    with monkeypatch.context() as patched:
        patched.setattr(alias, "connect", refuse)
        assert champion_number(settings, lake) == "2"
        assert settled(settings, lake) is None
    client.set_registered_model_alias(NAME, "champion", "1")  # by hand, in MLflow
    assert champion_number(settings, lake) == "1"
    append_decision(lake, promotion(settings, "3", "dying"), read_history(lake))  # and no alias yet
    assert champion_number(settings, lake) == "3"
    (settings.paths.work / "cache" / "champion.json").write_text("[", encoding="utf-8")
    assert champion_number(settings, lake) == "3"
