"""MLflow: files and parameters of runs, packages of models."""

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causalrec.config import Settings
from causalrec.erasure.folders import ID_NAMES, numbered, shows
from causalrec.erasure.store import Found
from causalrec.lake.upkeep.subject import Subject
from causalrec.registry.store import connect, guarded, store_exists
from causalrec.store import Location

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel, Run
    from mlflow.store.artifact.artifact_repo import ArtifactRepository

SHOWN = (".html", ".json", ".svg", ".md", ".csv", ".txt", ".toml", ".yaml")
PACKAGE = "artifacts/package"
FORGET = "causalrec forget makes a version without it; the others are deleted once that one is champion"


@dataclass(frozen=True)
class ArtifactStore:
    """Files of training runs: review pages, tables, settings."""

    settings: Settings
    name: str = "files of MLflow runs"

    def find(self, subject: Subject) -> Found:
        """Counts files that show the subject."""
        return Found.of(files=sum(1 for _ in self._files(subject)))

    def erase(self, subject: Subject) -> None:
        """Deletes them."""
        for repository, path in list(self._files(subject)):
            repository.delete_artifacts(path)

    def _files(self, subject: Subject) -> "Iterator[tuple[ArtifactRepository, str]]":
        for run in _runs(self.settings):
            repository = _repository(run.info.artifact_uri)
            for path in _listing(repository):
                if path.endswith(SHOWN) and _told(repository, path, subject):
                    yield repository, path


@dataclass(frozen=True)
class FactStore:
    """Parameters and tags of runs. MLflow does not allow a parameter to be changed."""

    settings: Settings
    name: str = "parameters and tags of MLflow runs"

    def find(self, subject: Subject) -> Found:
        """Counts runs; they are not erased."""
        held = [run for run in _runs(self.settings) if subject.prose.search(_facts(run))]
        if not held:
            return Found("not there")
        return Found("still there", {"runs": len(held)}, until="these runs are deleted in MLflow (mlflow gc)")

    def erase(self, subject: Subject) -> None:
        """Nothing: see the receipt."""


@dataclass(frozen=True)
class ModelStore:
    """Packages of registered versions: ids, histories, states.

    Nothing can be removed from a trained model.
    """

    settings: Settings
    name: str = "models"

    def find(self, subject: Subject) -> Found:
        """Names the versions.

        They are not erased but flagged, until a version without the subject replaces them.
        """
        held = tuple(version for version, _ in packages(self.settings, _names(subject)) if version)
        if not held:
            return Found("not there")
        return Found("still there", {"versions": len(held)}, tuple(sorted(held, key=int)), FORGET)

    def erase(self, subject: Subject) -> None:
        """Nothing: see :attr:`FORGET`."""


@dataclass(frozen=True)
class LooseModelStore:
    """Uploads without a version, because registration failed or the version was deleted."""

    settings: Settings
    name: str = "unregistered models"

    def find(self, subject: Subject) -> Found:
        """Counts them."""
        return Found.of(models=len(self._held(subject)))

    def erase(self, subject: Subject) -> None:
        """Deletes them with their files."""
        for model in self._held(subject):
            delete_model(connect(self.settings), model)

    def _held(self, subject: Subject) -> "list[LoggedModel]":
        return [model for version, model in packages(self.settings, _names(subject)) if not version]


def _names(subject: Subject) -> Callable[[Path], bool]:
    """Whether a folder numbers users or items of ``subject``."""
    return lambda folder: numbered(Location(str(folder)), subject)


def packages(settings: Settings, wanted: Callable[[Path], bool]) -> "list[tuple[str, LoggedModel]]":
    """Models of the experiment whose package is ``wanted``, each with its version ('' if it has none).

    Args:
        wanted: called with a folder that holds the package's files that name users and items.
    """
    if not store_exists(settings):
        return []
    with guarded(settings):
        client, found = connect(settings), []
        versions = _versions(client, settings)
        for model in _models(client, settings):
            with tempfile.TemporaryDirectory(prefix="causalrec-ids-") as scratch:
                repository = _repository(model.artifact_location)
                there = {one.path for one in repository.list_artifacts(PACKAGE)}
                for file in ID_NAMES:
                    if f"{PACKAGE}/{file}" in there:
                        repository.download_artifacts(f"{PACKAGE}/{file}", scratch)
                if wanted(Path(scratch) / PACKAGE):
                    found.append((versions.get(model.model_id, ""), model))
        return found


def delete_model(client: "MlflowClient", model: "LoggedModel") -> None:
    """The files first, so that no unreferenced files are left behind."""
    repository = _repository(model.artifact_location)
    for info in repository.list_artifacts():
        repository.delete_artifacts(info.path)
    client.delete_logged_model(model.model_id)


def _versions(client: "MlflowClient", settings: Settings) -> dict[str, str]:
    found = client.search_model_versions(f"name='{settings.registry.model_name}'")
    return {str(version.source).rpartition("/")[2]: str(version.version) for version in found}


def _models(client: "MlflowClient", settings: Settings) -> "Iterator[LoggedModel]":
    experiment = client.get_experiment_by_name(settings.registry.model_name)
    if experiment is not None:
        yield from _all(
            lambda token: client.search_logged_models([experiment.experiment_id], page_token=token)
        )


def _runs(settings: Settings) -> "list[Run]":
    """All runs, deleted ones too: their files stay until mlflow gc."""
    if not store_exists(settings):
        return []
    from mlflow.entities import ViewType

    with guarded(settings):
        client = connect(settings)
        experiment = client.get_experiment_by_name(settings.registry.model_name)
        if experiment is None:
            return []
        ids = [experiment.experiment_id]
        return list(_all(lambda token: client.search_runs(ids, run_view_type=ViewType.ALL, page_token=token)))


def _all(search: Callable[[str | None], Any]) -> Iterator[Any]:
    """All results of an MLflow search, page by page."""
    page = search(None)
    yield from page
    while page.token:
        page = search(page.token)
        yield from page


def _facts(run: "Run") -> str:
    return json.dumps({**run.data.params, **run.data.tags}, ensure_ascii=False)


def _repository(uri: str) -> "ArtifactRepository":
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    return get_artifact_repository(uri)


def _listing(repository: "ArtifactRepository", folder: str | None = None) -> Iterator[str]:
    for info in repository.list_artifacts(folder):
        if info.is_dir:
            yield from _listing(repository, info.path)
        else:
            yield info.path


def _told(repository: "ArtifactRepository", path: str, subject: Subject) -> bool:
    with tempfile.TemporaryDirectory(prefix="causalrec-page-") as scratch:
        repository.download_artifacts(path, scratch)
        return shows(Path(scratch) / path, Path(scratch), subject)
