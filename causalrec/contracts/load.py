"""Reads schemas/*.yaml into contracts; an error names the file, the line and the key."""

import hashlib
import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import ValidationError

from causalrec.contracts.contract import Column, Contract
from causalrec.contracts.extensions import Extensions
from causalrec.contracts.odcs import DAYS, RETENTION, Document, Property, Quality, Table
from causalrec.contracts.types import LOGICAL_TYPES
from causalrec.errors import ContractError

# In the wheel the contracts lie inside the package, in a checkout at its top.
SCHEMAS = next(folder / "schemas" for folder in Path(__file__).parents[1:3] if (folder / "schemas").is_dir())

# libyaml where PyYAML has it: each stage reads contracts, and the parser in Python is ten times slower
Parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def contract_names(folder: Path = SCHEMAS) -> list[str]:
    """Names of all contracts, sorted."""
    return sorted(file.stem for file in folder.glob("*.yaml"))


def table_names(folder: Path = SCHEMAS) -> list[str]:
    """Names of the contracts that declare a table of the lake, sorted: all but those of deliveries."""
    return [name for name in contract_names(folder) if load_contract(name, folder).extensions.target is None]


@lru_cache(maxsize=64)
def load_contract(name: str, folder: Path = SCHEMAS) -> Contract:
    """The contract of ``name``.

    Raises:
        ContractError: the file is absent, not YAML, or does not have the shape of a contract.
    """
    file = folder / f"{name}.yaml"
    try:
        text = file.read_text(encoding="utf-8")
        node, tree = _parsed(text)
    except OSError as error:
        known = ", ".join(contract_names(folder)) or "none"
        raise ContractError(f"no contract {name} in {folder}", do=f"use one of: {known}") from error
    except yaml.YAMLError as error:
        raise ContractError(f"{file.name} is not YAML: {error}", do="correct that line") from error
    try:
        document = Document.model_validate(tree)
    except ValidationError as error:
        raise _located(file, node, error, ()) from error
    try:
        extensions = Extensions.model_validate(
            {p.property: p.value for p in document.customProperties if p.vendor is None}
        )
    except ValidationError as error:
        raise _located(file, node, error, ("customProperties",)) from error
    expectations = _expectations(file, node, document.schema_[0])
    return _contract(file, document, extensions, expectations, hashlib.sha256(text.encode()).hexdigest())


def _parsed(text: str) -> tuple[yaml.Node | None, object]:
    """The nodes, which know their lines, and the values of one document, parsed once."""
    loader = Parser(text)
    try:
        node = loader.get_single_node()
        return node, None if node is None else loader.construct_document(node)
    finally:
        loader.dispose()


def _expectations(file: Path, node: yaml.Node | None, table: Table) -> tuple[Quality, ...]:
    """The rules that this project checks; those of other engines are left to their own tools."""
    found = []
    for place, rule in enumerate(table.quality):
        if rule.engine == "greatExpectations":
            try:
                found.append(Quality.model_validate(rule.model_dump(exclude_unset=True)))
            except ValidationError as error:
                raise _located(file, node, error, ("schema", 0, "quality", place)) from error
    return tuple(found)


def _retention_days(file: Path, document: Document) -> int:
    for promise in document.slaProperties:
        if promise.property == RETENTION:
            days = DAYS.get(promise.unit or "", 0)
            if days and isinstance(promise.value, int) and promise.value > 0:
                return promise.value * days
            raise _broken(
                file, f"says retention {promise.value} {promise.unit}", "give a whole number and unit d or y"
            )
    raise _broken(file, "does not say how long rows are kept", "add retention to slaProperties")


def _contract(
    file: Path, document: Document, extensions: Extensions, expectations: tuple[Quality, ...], digest: str
) -> Contract:
    table = document.schema_[0]
    names = [p.name for p in table.properties]
    if not file.stem == document.name == table.name:
        raise _broken(file, f"is named {document.name} with schema {table.name}", "use one name")
    for name in sorted({n for n in names if names.count(n) > 1}):
        raise _broken(file, f"declares column {name} twice", "keep one of them")
    for column in table.properties:
        if LOGICAL_TYPES.get(column.physicalType) != column.logicalType:
            raise _broken(
                file,
                f"column {column.name}: physicalType {column.physicalType} does not fit {column.logicalType}",
                f"use one of: {', '.join(t for t, k in LOGICAL_TYPES.items() if k == column.logicalType)}",
            )
    for name, before in extensions.added.items():
        for column_name in (name, before.column or name):
            if column_name not in names:
                raise _broken(file, f"says that {column_name} was added", "name columns of this contract")
    for name in sorted(set(extensions.retired) & set(names)):
        raise _broken(file, f"declares and retires column {name}", "do one of the two")
    return Contract(
        name=document.name,
        version=document.version,
        description=document.description.purpose,
        owner=document.team.name,
        retention_days=_retention_days(file, document),
        columns=tuple(
            Column(p.name, p.physicalType, p.required, p.description, p.classification)
            for p in table.properties
        ),
        key=_ordered([(p.primaryKeyPosition, p) for p in table.properties if p.primaryKey]),
        partition_by=_ordered([(p.partitionKeyPosition, p) for p in table.properties if p.partitioned]),
        expectations=expectations,
        extensions=extensions,
        digest=digest,
    )


def _ordered(placed: Sequence[tuple[int, Property]]) -> tuple[str, ...]:
    return tuple(p.name for _, p in sorted(placed, key=lambda pair: pair[0]))


def _broken(file: Path, what: str, do: str) -> ContractError:
    return ContractError(f"{file.name} {what}", do=do)


def _located(
    file: Path, root: yaml.Node | None, error: ValidationError, prefix: tuple[str | int, ...]
) -> ContractError:
    first = error.errors()[0]
    loc = prefix + first["loc"]
    key = ".".join(str(part) for part in loc)
    return ContractError(
        f"{file.name} line {_line(root, loc)}: {key}: {first['msg']}",
        do=f"correct it in {os.path.relpath(file)}",
    )


def _line(node: yaml.Node | None, loc: Sequence[str | int]) -> int:
    """Line (from 1) of the deepest node on the path ``loc`` that exists."""
    line = 1
    for part in loc:
        child = _child(node, part)
        if child is None:
            break
        line, node = child.start_mark.line + 1, child
    return line


def _child(node: yaml.Node | None, part: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode):
        if isinstance(part, int):
            return node.value[part] if part < len(node.value) else None
        return next((n for n in map(_custom_value, node.value) if n and n[0] == part), (None, None))[1]
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == part), None)
    return None


def _custom_value(node: yaml.Node) -> tuple[str, yaml.Node] | None:
    """Name and value of an entry of ``customProperties``."""
    name, value = _child(node, "property"), _child(node, "value")
    return (name.value, value) if name is not None and value is not None else None
