"""How long commands take to start, beside an empty Python and Airflow's own command line.

    python -m benchmarks.startup --settings infra/settings/demo.toml --ds 2026-03-01

Wants a shop with one finished night. Each line is the best of several runs: processor seconds of the process
and its children, wall seconds, and the modules whose import took longest.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

RUNS = 3
SLOWEST = 3
IMPORT = re.compile(r"^import time:\s+\d+ \|\s+(\d+) \|( +)(\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Start:
    """One command: seconds of processor and of the clock, and its slowest imports."""

    name: str
    cpu: float
    wall: float
    imports: str


def measured(name: str, arguments: Sequence[str], environment: dict[str, str]) -> Start:
    """Best of several runs of ``python ARGUMENTS``, and one more that is asked about its imports."""
    command = [sys.executable, *arguments]
    spent = []
    for _ in range(RUNS):
        began, before = time.monotonic(), children_seconds()
        subprocess.run(command, env=environment, capture_output=True, check=True)
        spent.append((children_seconds() - before, time.monotonic() - began))
    asked = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return Start(name, min(cpu for cpu, _ in spent), min(wall for _, wall in spent), slowest(asked.stderr))


def slowest(report: str) -> str:
    """The packages that took longest, as ``-X importtime`` reports them: name and milliseconds."""
    taken: dict[str, int] = {}
    for microseconds, _, module in IMPORT.findall(report):
        if "." not in module and not module.startswith("_"):
            taken[module] = max(taken.get(module, 0), int(microseconds))
    first = sorted(taken.items(), key=lambda found: -found[1])[:SLOWEST]
    return ", ".join(f"{module} {microseconds / 1000:.0f} ms" for module, microseconds in first)


def children_seconds() -> float:
    """Processor seconds of the processes that this one has waited for."""
    found = os.times()
    return found.children_user + found.children_system


def main(argv: list[str] | None = None) -> int:
    """Measure every command, print one line each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.startup", description=__doc__)
    parser.add_argument("--settings", required=True, help="TOML file of a shop with a finished night")
    parser.add_argument("--ds", required=True, help="its date")
    asked = parser.parse_args(argv)
    environment = {**os.environ, "CAUSALREC_SETTINGS": asked.settings}
    dags = "import sys; sys.path.insert(0, 'dags'); import nightly, training, maintenance"
    commands = {
        "python -c pass": ["-c", "pass"],
        "airflow version": ["-m", "airflow", "version"],
        "from airflow.sdk import DAG": ["-c", "from airflow.sdk import DAG"],
        "import of the DAG files": ["-c", dags],
        "causalrec --help": ["-m", "causalrec", "--help"],
        "causalrec stages": ["-m", "causalrec", "stages"],
        "causalrec history": ["-m", "causalrec", "history"],
        "causalrec status": ["-m", "causalrec", "status", "--ds", asked.ds],
        "score, up to date": ["-m", "jobs.score", "--ds", asked.ds],
        "ingest_events, up to date": ["-m", "jobs.ingest_events", "--ds", asked.ds],
    }
    print(f"{'command':28}{'CPU s':>8}{'wall s':>8}  slowest imports")  # noqa: T201
    for name, arguments in commands.items():
        one = measured(name, arguments, environment)
        print(f"{one.name:28}{one.cpu:8.2f}{one.wall:8.2f}  {one.imports}", flush=True)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
