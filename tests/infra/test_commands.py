"""The command lines: targets of the Makefile, defaults and refusals."""

import datetime as dt
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from infra.embedded.__main__ import main


def _make(root: Path, *arguments: str) -> str:
    return subprocess.run(
        ["make", "--no-print-directory", *arguments], cwd=root, capture_output=True, text=True, check=True
    ).stdout


def test_help_is_the_default_and_lists_every_target(root: Path) -> None:
    phony = re.search(r"^\.PHONY: (.*)$", (root / "Makefile").read_text(), re.MULTILINE)
    assert phony
    listed = [line.split()[1] for line in _make(root).splitlines()]
    assert sorted(listed) == sorted(phony[1].split())


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["nightly"], "-m infra.embedded nightly --source demo"),
        (
            ["nightly", "SOURCE=hm", "RAW=../my data", "DS=2020-06-30"],
            '-m infra.embedded nightly --source hm --raw "../my data" --ds 2020-06-30',
        ),
        (
            ["backfill", "FROM=2026-03-01", "TO=2026-03-03"],
            '-m infra.embedded backfill --source demo --from "2026-03-01" --to "2026-03-03"',
        ),
        (
            ["up"],
            "-m infra.embedded up --source demo --airflow-port 8080 --mlflow-port 5000 --site-port 8090",
        ),
        (["cluster"], "-m infra.cluster"),
        (["cluster", "EXECUTOR=celery", "STAY=1"], "-m infra.cluster --executor celery --stay"),
    ],
)
def test_targets_delegate(root: Path, arguments: list[str], line: str) -> None:
    last = _make(root, "-n", *arguments).splitlines()[-1]
    assert shlex.split(last) == shlex.split(f".venv/bin/python {line}")


@pytest.mark.parametrize(
    "value", ["a'; touch owned; '", "$(touch owned)", "`touch owned`", 'a "b', "~ $HOME"]
)
def test_values_reach_the_command_as_they_are(root: Path, value: str) -> None:
    last = _make(root, "-n", "nightly", f"RAW={value}", f"DS={value}").splitlines()[-1]
    words = shlex.split(last)
    assert (words[-3], words[-1]) == (value, value)
    assert not (root / "owned").exists()


def test_packages_of_another_python_stay_out(root: Path, tmp_path: Path) -> None:
    probe = tmp_path / "probe.mk"
    probe.write_text(f"include {root}/Makefile\nprobe:\n\t@env\n")
    surroundings = {**os.environ, "PYTHONPATH": "/opt/ros/lib", "PYTHONHOME": "/opt/ros"}
    done = subprocess.run(
        ["make", "-f", probe, "probe"], capture_output=True, text=True, check=True, env=surroundings
    )
    assert not re.search(r"^PYTHON(PATH|HOME)=", done.stdout, re.MULTILINE)


def test_a_day_that_is_not_over_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    today = dt.datetime.now(dt.UTC).date()
    assert main(["nightly", "--ds", str(today)]) == 1
    yesterday = today - dt.timedelta(days=1)
    assert capsys.readouterr().out == f"{today} is not over yet in UTC -> choose {yesterday} or earlier\n"


def test_an_exchanged_range_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backfill", "--from", "2026-03-02", "--to", "2026-03-01"]) == 1
    assert capsys.readouterr().out == "FROM=2026-03-02 is later than TO=2026-03-01 -> swap the two dates\n"


def test_an_unknown_shop_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nightly", "--source", "nowhere"]) == 1
    assert capsys.readouterr().out.endswith("nowhere.toml -> name an existing file\n")
