"""One hash per stage over all code that its result depends on.

Starting at the module of the stage, all modules of the project that it imports are followed, at any depth and
inside functions too. A module counts by its syntax tree, without comments, docstrings and layout; a file that
it reads from its own folder (``Path(__file__).with_name(...)``) counts by its bytes. Modules that only start
stages (:data:`APART`) are left out, and settings enter a fingerprint by their values.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from causalrec.syntax import Read, read

APART = ("causalrec.code", "causalrec.config", "causalrec.pipeline", "causalrec.run", "causalrec.syntax")
"""What starts stages and hands them their settings, beside the modules of jobs that begin with _."""

PROJECT = ("causalrec", "jobs")
LENGTH = 16  # of a hash in hexadecimal digits
MOST_REMEMBERED = 4_000  # files


@cache
def code_hash(module: str, memory: Path | None = None) -> str:
    """Hash of the code that ``module`` rests on, e.g. of ``causalrec.registry.train``.

    Args:
        module: dotted name; it is not imported.
        memory: file in which trees of unchanged sources are remembered, for a start within milliseconds.

    Raises:
        ModuleNotFoundError: no such module in the project.
    """
    return _sources(memory).hash(module)


@cache
def _sources(memory: Path | None) -> "Sources":
    specs = {name: find_spec(name) for name in PROJECT}
    folders = {name: spec.submodule_search_locations for name, spec in specs.items() if spec is not None}
    return Sources({name: Path(found[0]) for name, found in folders.items() if found}, memory)


class Sources:
    """The modules of a project by their files. Hashes agree across machines and folders."""

    def __init__(self, roots: Mapping[str, Path], memory: Path | None = None) -> None:
        self._roots, self._memory = roots, memory
        self._known = _remembered(memory)
        self._read: dict[str, Read] = {}
        self._files: dict[str, Path | None] = {}
        self._edges: dict[str, frozenset[str]] = {}
        self._fresh = False

    def hash(self, module: str) -> str:
        """Hash over ``module`` and everything that it imports.

        Raises:
            ModuleNotFoundError: no such module in the project.
        """
        digest = hashlib.sha256()
        for name in self.modules(module):
            digest.update(f"{name} {self._module(name).tree}\n".encode())
            for file in self._beside(name):
                digest.update(file.name.encode() + hashlib.sha256(file.read_bytes()).digest())
        self._remember()
        return digest.hexdigest()[:LENGTH]

    def modules(self, module: str) -> list[str]:
        """``module`` and the modules that it imports at any depth, sorted.

        Raises:
            ModuleNotFoundError: no such module in the project.
        """
        if self._file(module) is None:
            raise ModuleNotFoundError(f"no module {module} in {sorted(self._roots)}", name=module)
        found = set(self._within(module))
        waiting = list(found)
        while waiting:
            fresh = self._imported(waiting.pop()) - found
            found |= fresh
            waiting += fresh
        return sorted(found)

    def _imported(self, module: str) -> frozenset[str]:
        """What runs when ``module`` imports what it names."""
        if module not in self._edges:
            names = self._module(module).imports
            self._edges[module] = frozenset(known for name in names for known in self._within(name))
        return self._edges[module]

    def _within(self, dotted: str) -> Iterator[str]:
        """The modules that run when ``dotted`` is imported: packages around it and, if it is one, itself."""
        parts = dotted.split(".")
        if ".".join(parts[:2]) in APART or (parts[0] == "jobs" and parts[1:2] and parts[1].startswith("_")):
            return
        for end in range(1, len(parts) + 1):
            if self._file(name := ".".join(parts[:end])) is not None:
                yield name

    def _file(self, module: str) -> Path | None:
        if module not in self._files:
            top, *rest = module.split(".")
            path = self._roots[top].joinpath(*rest) if top in self._roots else None
            files = () if path is None else (path / "__init__.py", path.with_name(f"{path.name}.py"))
            self._files[module] = next((file for file in files if file.is_file()), None)
        return self._files[module]

    def _module(self, name: str) -> Read:
        if name not in self._read:
            file = self._file(name)
            source = file.read_bytes() if file is not None else b""
            package = name if file is not None and file.name == "__init__.py" else name.rpartition(".")[0]
            key = hashlib.sha256(package.encode() + b"\0" + source).hexdigest()
            if key not in self._known:
                self._known[key] = read(source, package)
                self._fresh = True
            self._read[name] = self._known[key]
        return self._read[name]

    def _beside(self, name: str) -> Sequence[Path]:
        file = self._file(name)
        paths = [file.with_name(found) for found in self._module(name).beside] if file is not None else []
        inside = [sorted(path.rglob("*")) if path.is_dir() else [path] for path in paths]
        return [each for group in inside for each in group if each.is_file()]

    def _remember(self) -> None:
        """Keeps the trees for the next process; a folder that cannot be written costs only its time."""
        if self._memory is None or not self._fresh:
            return
        newest = list(self._known.items())[-MOST_REMEMBERED:]
        text = json.dumps({key: [read.tree, read.imports, read.beside] for key, read in newest})
        draft = self._memory.with_suffix(f".{os.getpid()}")
        with suppress(OSError):
            self._memory.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(text, encoding="utf-8")
            draft.replace(self._memory)
        self._fresh = False


def _remembered(memory: Path | None) -> dict[str, Read]:
    if memory is None:
        return {}
    try:
        rows = json.loads(memory.read_text(encoding="utf-8"))
        return {
            key: Read(tree, tuple(imports), tuple(beside)) for key, (tree, imports, beside) in rows.items()
        }
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
