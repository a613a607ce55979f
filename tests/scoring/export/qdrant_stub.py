"""Stands in for ``qdrant_client``, which is not in every environment: collections, aliases and points."""

import sys
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest


@dataclass
class Collection:
    """Points by number: vector and payload."""

    size: int
    distance: str
    indexed: list[tuple[str, str]] = field(default_factory=list)
    points: dict[int, tuple[list[float], dict[str, Any]]] = field(default_factory=dict)
    batches: list[int] = field(default_factory=list)


@dataclass
class Server:
    """What one server holds, and what its client was asked."""

    held: dict[str, Collection] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    options: list[dict[str, Any]] = field(default_factory=list)
    waited: list[bool] = field(default_factory=list)
    moves: int = 0
    closed: int = 0
    lost: int = 0
    """Points that each count hides."""

    def client(self, **options: Any) -> "Server":  # noqa: ANN401 - options of several types
        self.options.append(options)
        return self

    def close(self) -> None:
        self.closed += 1

    def get_aliases(self) -> SimpleNamespace:
        pairs = self.aliases.items()
        return SimpleNamespace(
            aliases=[SimpleNamespace(alias_name=alias, collection_name=name) for alias, name in pairs]
        )

    def get_collections(self) -> SimpleNamespace:
        return SimpleNamespace(collections=[SimpleNamespace(name=name) for name in self.held])

    def _at(self, name: str) -> Collection:
        return self.held[self.aliases.get(name, name)]

    def count(self, name: str, count_filter: Any = None, exact: bool = False) -> SimpleNamespace:  # noqa: ANN401
        assert exact
        return SimpleNamespace(count=len(_chosen(self._at(name), count_filter)) - self.lost)

    def create_collection(self, name: str, vectors_config: SimpleNamespace) -> None:
        self.held[name] = Collection(vectors_config.size, vectors_config.distance)

    def create_payload_index(self, name: str, key: str, kind: str) -> None:
        self.held[name].indexed.append((key, kind))

    def upsert(self, name: str, points: SimpleNamespace, wait: bool = False) -> None:
        self.waited.append(wait)
        rows = zip(points.ids, points.vectors, points.payloads, strict=True)
        self.held[name].points |= {number: (vector, payload) for number, vector, payload in rows}
        self.held[name].batches.append(len(points.ids))

    def update_collection_aliases(self, change_aliases_operations: list[SimpleNamespace]) -> None:
        self.moves += 1
        for step in change_aliases_operations:
            if hasattr(step, "delete_alias"):
                del self.aliases[step.delete_alias.alias_name]
            else:
                assert step.create_alias.alias_name not in self.aliases
                self.aliases[step.create_alias.alias_name] = step.create_alias.collection_name

    def delete_collection(self, name: str) -> None:
        del self.held[name]

    def delete(self, name: str, points_selector: SimpleNamespace, wait: bool = False) -> None:
        self.waited.append(wait)
        for number in _chosen(self._at(name), points_selector):
            del self._at(name).points[number]


def _chosen(held: Collection, where: SimpleNamespace | None) -> list[int]:
    conditions = [] if where is None else where.must
    return [
        number
        for number, (_, payload) in held.points.items()
        if all(payload[one.key] in one.match.any for one in conditions)
    ]


class ApiError(Exception):
    """What a server says."""


def installed(monkeypatch: pytest.MonkeyPatch) -> Server:
    """Puts the stand-in where the client would be imported from; an empty server."""
    server = Server()
    names = (
        "VectorParams", "Batch", "CreateAlias", "CreateAliasOperation", "DeleteAlias", "DeleteAliasOperation",
        "MatchAny", "FieldCondition", "Filter",
    )  # fmt: skip
    made: dict[str, Any] = {
        "qdrant_client": {"QdrantClient": server.client},
        "qdrant_client.models": {
            **dict.fromkeys(names, SimpleNamespace),
            "Distance": SimpleNamespace(DOT="dot"),
            "PayloadSchemaType": SimpleNamespace(KEYWORD="keyword"),
        },
        "qdrant_client.http": {},
        "qdrant_client.http.exceptions": {"ApiException": ApiError},
    }
    for name, content in made.items():
        module = ModuleType(name)
        module.__dict__.update(content)
        monkeypatch.setitem(sys.modules, name, module)
        parent, _, last = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], last, module)
    return server
