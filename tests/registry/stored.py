"""Stands in for an MLflow client: versions with tags, runs, aliases; writes are kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any


@dataclass
class Client:
    """Answers as MLflow does, for what these tests ask."""

    versions: list[SimpleNamespace] = field(default_factory=list)
    runs: dict[str, SimpleNamespace] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def add(
        self, number: str, tags: Mapping[str, str] | None = None, run_tags: Mapping[str, str] | None = None
    ) -> SimpleNamespace:
        """One more version, of a run with its number."""
        run = f"run {number}"
        made = SimpleNamespace(name="shop", version=number, run_id=run, tags=dict(tags or {}))
        self.versions.append(made)
        data = SimpleNamespace(tags=dict(run_tags or {}), metrics={})
        self.runs[run] = SimpleNamespace(data=data, info=SimpleNamespace(experiment_id="7"))
        return made

    def search_model_versions(self, asked: str) -> list[SimpleNamespace]:
        self.asked.append(asked)
        return self.versions

    def search_registered_models(self, asked: str) -> list[SimpleNamespace]:
        self.asked.append(asked)
        return [SimpleNamespace(aliases=self.aliases)]

    def get_run(self, run: str) -> SimpleNamespace:
        return self.runs[run]

    def set_model_version_tag(self, name: str, number: str, tag: str, value: str) -> None:
        (version,) = [one for one in self.versions if (one.name, one.version) == (name, number)]
        version.tags[tag] = value

    def set_registered_model_alias(self, name: str, alias: str, number: str) -> None:
        self.aliases[alias] = number


def as_client(client: Client) -> Any:  # noqa: ANN401 - it stands in for MLflow's own class
    """The client, for functions that are annotated with MLflow's."""
    return client
