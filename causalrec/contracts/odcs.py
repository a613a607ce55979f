"""The shape of schemas/*.yaml: Open Data Contract Standard v3 as far as it reaches.

What the standard has no word for (write mode, row rules, duplicates) stands under ``customProperties``.
Standard: https://bitol-io.github.io/open-data-contract-standard/
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
LogicalType = Literal["string", "integer", "number", "boolean", "date", "timestamp", "array"]


class Node(BaseModel):
    """A part of a schema file; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Classification = Literal["none", "user_id", "user_text"]
"""``user_id`` names a person, ``user_text`` may mention one: what the erasure of a user looks at."""


class Items(Node):
    """Element type of an array."""

    logicalType: LogicalType


class Property(Node):
    """One column."""

    name: Name
    logicalType: LogicalType
    physicalType: str
    items: Items | None = None
    required: bool
    primaryKey: bool = False
    primaryKeyPosition: int = -1
    partitioned: bool = False
    partitionKeyPosition: int = -1
    classification: Classification = "none"
    description: str = Field(min_length=1)


class Implementation(Node):
    """A Great Expectations expectation over the columns of the aggregate."""

    type: str = Field(pattern=r"^expect_[a-z_]+$")
    kwargs: dict[str, Any]


class Quality(Node):
    """One expectation about a batch as a whole."""

    name: Name
    description: str
    dimension: Literal["completeness", "uniqueness", "validity", "timeliness", "consistency"]
    severity: Literal["error", "warning"]
    type: Literal["custom"]
    engine: Literal["greatExpectations"]
    implementation: Implementation


class Table(Node):
    """The one schema object of a file."""

    name: Name
    physicalType: Literal["table", "file"]
    properties: tuple[Property, ...] = Field(min_length=1)
    quality: tuple[Quality, ...] = ()


class Description(Node):
    """What the data is for."""

    purpose: str = Field(min_length=1)


class Team(Node):
    """Who answers for the data."""

    name: str


class Sla(Node):
    """A promise about the data, such as how long it is kept."""

    property: Literal["retention"]
    value: int = Field(gt=0)
    unit: Literal["d"]


class CustomProperty(Node):
    """An extension point of the standard."""

    property: str
    value: Any


class Document(Node):
    """A whole schema file."""

    apiVersion: Literal["v3.1.0"]
    kind: Literal["DataContract"]
    id: str
    name: Name
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    status: Literal["active", "draft", "deprecated"]
    description: Description
    team: Team
    schema_: tuple[Table] = Field(alias="schema")
    slaProperties: tuple[Sla] = Field(min_length=1)
    customProperties: tuple[CustomProperty, ...] = ()
