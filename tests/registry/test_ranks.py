"""The training task under torchrun: two processes train, one of them registers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from causalrec.lake import Lake, Ledger
from causalrec.registry.store import connect

from .shop import DS, TOML, settings_in, write_dataset

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
DEADLINE = 300.0
SETTINGS = f"{TOML}rank_timeout = 120.0\n"


def trained(file: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--local-addr", "127.0.0.1"]
    command += ["--nproc-per-node", "2", "-m", "jobs.train", "--ds", DS.isoformat(), "--settings", str(file)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    return subprocess.run(
        command,
        cwd=REPOSITORY,
        env=environment,
        timeout=DEADLINE,
        check=False,
        capture_output=True,
        text=True,
    )


def test_two_processes_register_one_version(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, "lightgcn")
    write_dataset(settings)
    file = tmp_path / "settings.toml"
    file.write_text(SETTINGS.format(work=tmp_path))
    first = trained(file)
    assert first.returncode == 0, first.stdout + first.stderr
    versions = connect(settings).search_model_versions(f"name = '{settings.registry.model_name}'")
    assert [str(version.version) for version in versions] == ["1"]
    row = Ledger(Lake(settings.lake_root)).last_success("train", DS)
    assert row is not None
    assert "version 1 is challenger" in row.note
    again = trained(file)
    assert again.returncode == 0, again.stdout + again.stderr
    assert again.stdout.count("up to date") == 1
