"""The environment of a model (source code, packages, machine), and how another one differs from it."""

import importlib.metadata
import platform
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from packaging.requirements import Requirement

from causalrec import __version__
from causalrec.code import code_hash
from causalrec.config.model import TrainingSettings
from causalrec.lake.record.ledger import git_revision

REQUIREMENTS = ("mlflow", "numpy", "pandas", "pyarrow", "pydantic", "safetensors", "scipy", "torch")
ABSENT = "none"
TRAINING = "causalrec.registry.train"  # the module whose imports are the code of a model


@dataclass(frozen=True)
class Difference:
    """One difference: ``what``, as recorded, and as it is here."""

    what: str
    recorded: str
    here: str


def environment_of(training: TrainingSettings) -> dict[str, Any]:
    """Code, packages and machine of this process, as JSON; never its environment variables.

    ``code`` is a hash over the sources that a result depends on, so that it also distinguishes checkouts with
    uncommitted changes; ``packages`` are the recorded requirements and their dependencies.
    """
    import torch

    from causalrec.training.device import choose_device
    from causalrec.training.ranks import present_ranks

    device = choose_device(training.device)
    return {
        "code": {
            "version": __version__,
            "git_revision": git_revision() or ABSENT,
            "sources": code_hash(TRAINING),
        },
        "packages": dict(_packages()),
        "machine": {
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.machine()}",
            "processor": torch.backends.cpu.get_cpu_capability(),
            "device": device.type,
            "threads": str(torch.get_num_threads()),
            "ranks": str(present_ranks(device).count),
        },
    }


@cache
def _packages() -> Mapping[str, str]:
    """The recorded packages and their versions; they stay as they are while this process runs."""
    return {name: importlib.metadata.version(name) for name in needed(REQUIREMENTS)}


def needed(names: Iterable[str]) -> list[str]:
    """The distributions ``names`` and everything they need that is installed here, sorted."""
    found: set[str] = set()
    waiting = [_plain(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name in found or not _installed(name):
            continue
        found.add(name)
        asked = (Requirement(text) for text in importlib.metadata.requires(name) or [])
        waiting += [
            _plain(need.name) for need in asked if need.marker is None or need.marker.evaluate({"extra": ""})
        ]
    return sorted(found)


def differences(recorded: Mapping[str, Any], here: Mapping[str, Any]) -> list[Difference]:
    """Everything recorded that is different here; a group that was not recorded counts as one difference."""
    found = []
    for group in here:
        if group not in recorded:
            found.append(Difference(group, "not recorded", "-"))
            continue
        for name, value in recorded[group].items():
            now = here[group].get(name) or _version_here(group, name)
            if now != value:
                found.append(Difference(f"{group}: {name.replace('_', ' ')}", value, now))
    return found


def _version_here(group: str, name: str) -> str:
    return importlib.metadata.version(name) if group == "packages" and _installed(name) else ABSENT


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
