"""The command line as a whole: its commands, what it imports, its tables."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from typer.main import get_command

from causalrec import __version__
from causalrec.pipeline import NIGHT
from jobs._terminal.tables import Table
from jobs.cli import COMMANDS, application, loaded, main
from jobs.commands._shared.many import repeated

HEAVY = [
    "deltalake",
    "matplotlib",
    "mlflow",
    "numpy",
    "pandas",
    "pyarrow",
    "pyspark",
    "scipy",
    "torch",
    "pydantic",
]


def test_every_command_is_a_file_and_every_file_a_command(root: Path) -> None:
    folder = root / "jobs/commands"
    files = {file for file in folder.rglob("[a-z]*.py") if file.parent.name != "_shared"}
    assert {root / f"{command.module.replace('.', '/')}.py" for command in COMMANDS} == files


@pytest.mark.parametrize("name", [command.name for command in COMMANDS])
def test_every_option_says_what_it_is_for(name: str) -> None:
    for parameter in loaded(name).params:
        assert getattr(parameter, "help", None), parameter.name


def test_help_is_grouped_and_imports_nothing_heavy(root: Path) -> None:
    code = (
        "import sys\nfrom causalrec.__main__ import main\nsys.argv = ['causalrec', '--help']\n"
        f"status = main()\nprint(status, sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"
    for panel in ("Nights", "Lists and users", "Models", "Studies"):
        assert f"─ {panel} ─" in done.stdout


def test_where_only_the_base_is_installed_a_command_says_what_to_install(root: Path) -> None:
    code = (
        f"import sys\nfor name in {HEAVY[:-1]!r}:\n    sys.modules[name] = None\n"
        "from causalrec.__main__ import main\nsys.argv = ['causalrec', 'history']\nprint(main())"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    line, status = done.stdout.splitlines()
    assert line.endswith(" is not installed -> install what a night needs: pip install 'causalrec[nightly]'")
    assert status == "1"


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"causalrec {__version__}\n"


def test_a_mistyped_command_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exprt"]) == 2
    assert "Did you mean 'export'?" in capsys.readouterr().err


def test_a_date_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "land", "--ds", "2026-02-30"]) == 2
    assert "write YYYY-MM-DD" in capsys.readouterr().err


def test_names_of_commands_are_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    command = get_command(application())
    with command.make_context("causalrec", ["status"]) as context:
        found = command.shell_complete(context, "ro")
    assert [item.value for item in found] == ["rollback"]


def test_stages_for_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stages", "--json"]) == 0
    assert [stage["name"] for stage in json.loads(capsys.readouterr().out)] == [s.name for s in NIGHT]


def test_several_values_after_one_option() -> None:
    args = ["DIR", "--models", "a", "b", "--test", "--seeds", "2", "--models", "c"]
    assert repeated(args, {"--models"}) == [
        "DIR", "--models", "a", "--models", "b", "--test", "--seeds", "2", "--models", "c",
    ]  # fmt: skip


def test_what_does_not_fit_is_folded_and_dates_stay_whole() -> None:
    table = Table("ds", "job", "where", "why", title="t")
    table.add_row("2026-03-01", "x" * 30, "recommendation_candidates@12", "because " * 12)
    console = Console(file=io.StringIO(), width=60)
    console.print(table)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "…" not in text
    assert "2026-03-01" in text
    assert text.count("x") == 30


def test_run_hands_over_to_the_stage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "shop.toml"
    source = 'kind = "demo"\nusers = 40\nitems = 30\ndays = 8\n'
    file.write_text(f'shop = "t"\n[paths]\nwork = "{tmp_path}/work"\n[source]\n{source}')
    words = ["run", "land", "--ds", "2026-02-05", "--settings", str(file)]
    assert main(words) == 0
    assert main(words) == 0
    assert "land 2026-02-05: up to date" in capsys.readouterr().out
