"""The file that spark-submit starts where only the wheel is installed."""

from pathlib import Path

from tests.wheel.conftest import Installed


def test_it_is_causalrec_run(root: Path, installed: Installed) -> None:
    file = str(root / "infra/spark/stage.py")
    refused = installed.run("python", file, "scoring", "--ds", "2026-03-01")
    assert refused.returncode == 2
    assert "scoring" in refused.stderr
    same = installed.run("causalrec", "run", "scoring", "--ds", "2026-03-01")
    assert (same.returncode, same.stderr.splitlines()[1:]) == (2, refused.stderr.splitlines()[1:])
