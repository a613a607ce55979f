"""The chart as Helm renders it: by Helm's own library from the lock, or by a helm on the PATH."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

CHART = Path(__file__).parents[3] / "infra/helm/causalrec"
RELEASE, NAMESPACE = "causalrec", "shop"

# In a process of its own: the library is Go, and its runtime handles signals.
BY_LIBRARY = """
import json, sys
import helm_python
with helm_python.Chart.load(sys.argv[1]) as chart:
    try:
        print(json.dumps([chart.render(json.load(sys.stdin), name=sys.argv[2], namespace=sys.argv[3]), ""]))
    except helm_python.HelmError as error:
        print(json.dumps([{}, str(error)]))
"""


@dataclass(frozen=True)
class Rendered:
    """What Helm makes of the chart; ``error`` says why nothing."""

    objects: Sequence[Mapping[str, Any]]
    notes: str = ""
    error: str = ""

    def named(self, kind: str, name: str) -> Mapping[str, Any]:
        """The one object of this kind and name."""
        (found,) = (one for one in self.objects if (one["kind"], one["metadata"]["name"]) == (kind, name))
        return found


def render(values: Mapping[str, Any] | None = None) -> Rendered:
    """The chart with ``values`` over its own; skips where there is no Helm."""
    written = json.dumps(values or {})
    if find_spec("helm_python"):
        return _by_library(written)
    if program := shutil.which("helm"):
        return _by_program(program, written)
    pytest.skip("no Helm for this platform: neither helm-python-sdk nor helm on the PATH")


@cache
def _by_library(values: str) -> Rendered:
    done = subprocess.run(
        [sys.executable, "-c", BY_LIBRARY, str(CHART), RELEASE, NAMESPACE],
        input=values, capture_output=True, text=True, check=True,
    )  # fmt: skip
    files, error = json.loads(done.stdout.splitlines()[-1])
    notes = "".join(text for name, text in files.items() if name.endswith("NOTES.txt"))
    return Rendered(
        [one for name, text in files.items() if name.endswith(".yaml") for one in _objects(text)],
        notes,
        error,
    )


@cache
def _by_program(program: str, values: str) -> Rendered:
    done = subprocess.run(
        [program, "template", RELEASE, str(CHART), "--namespace", NAMESPACE, "--values", "-"],
        input=values, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return Rendered(_objects(done.stdout), error=done.stderr if done.returncode else "")


def _objects(text: str) -> list[Mapping[str, Any]]:
    return [one for one in yaml.safe_load_all(text) if one]
