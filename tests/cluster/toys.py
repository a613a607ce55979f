"""Runs :mod:`tests.cluster.toy_run` in a process of its own, as it takes over the signals of its process."""

import os
import subprocess
import sys
from pathlib import Path

SETTINGS = 'shop = "toy"\n[paths]\nwork = "{work}"\n[source]\nkind = "demo"\n'


def played(work: Path, root: Path, command: str, executor: str) -> list[str]:
    """The lines that it printed; fails with them if it did not end well."""
    settings = work.with_suffix(".toml")
    settings.write_text(SETTINGS.format(work=work))
    done = subprocess.run(
        [sys.executable, "-m", "tests.cluster.toy_run", str(settings), command, executor],
        cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout.splitlines()
