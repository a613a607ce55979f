"""The scoring tables of a version from the command line."""

import json
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from jobs.cli import main
from jobs.commands.serve import command, is_loopback
from tests.jobs.conftest import Registered
from tests.registry.shop import ITEMS, USERS


@pytest.mark.slow
def test_both_files_of_a_version(
    registered: Registered, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["vectors", str(tmp_path), "--settings", str(registered.file)]
    assert main(arguments) == 1
    assert "has no champion" in capsys.readouterr().out
    assert main([*arguments, "--version", "1"]) == 0
    said = capsys.readouterr().out
    assert f"version 1, {USERS + 2} users, {ITEMS} items" in said
    assert "not in the vectors: places for new items" in said
    assert {file.stat().st_mode & 0o077 for file in tmp_path.iterdir()} == {0}
    header = json.loads((tmp_path / "scoring.json").read_text())
    arrays = load_file(tmp_path / "scoring.safetensors")
    assert arrays["items"].shape == (ITEMS, header["dim"])
    assert arrays["users"].shape == (USERS + 2 + 1, header["dim"])
    assert header["version"] == "1"


@pytest.mark.parametrize(
    ("host", "inside"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("shop.local", False)],  # noqa: S104
)
def test_who_reaches_a_served_model(host: str, inside: bool) -> None:
    assert is_loopback(host) is inside
    assert command("causalrec", "3", host, 5001, 2)[3:] == [
        "models", "serve", "--model-uri", "models:/causalrec/3", "--host", host, "--port", "5001",
        "--workers", "2", "--env-manager", "local",
    ]  # fmt: skip
