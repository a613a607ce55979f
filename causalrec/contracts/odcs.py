"""The structure of schemas/*.yaml: any valid Open Data Contract Standard v3, plus what this project requires.

The classes narrow those of the standard's own package: a field that is named here is required, everything
else in the standard (servers, roles, prices, tags ...) is optional. What the standard does not cover (write
mode, row rules, duplicates) goes under ``customProperties``. Standard:
https://bitol-io.github.io/open-data-contract-standard/
"""

from typing import Annotated, Any, Literal

from open_data_contract_standard import model as standard
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
LogicalType = Literal["string", "integer", "number", "boolean", "date", "timestamp", "array"]
Classification = Literal[
    "none", "public", "internal", "restricted", "confidential", "user_id", "user_text", "user_note"
]
"""Classifications.

Erasure uses three: ``user_id`` names a person; ``user_text`` may mention one, and then the row is deleted;
``user_note`` may mention one, and then the row is kept without the mention. The others come from the standard
and have no effect here.
"""

STRICT = ConfigDict(frozen=True, extra="forbid")
RETENTION = "retention"
DAYS = {"d": 1, "day": 1, "days": 1, "y": 365, "yr": 365, "year": 365, "years": 365}
"""Units of a retention, in days."""


class Node(BaseModel):
    """A part of a schema file that only this project defines; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Property(standard.SchemaProperty):
    """One column."""

    model_config = STRICT

    name: Name
    logicalType: LogicalType
    physicalType: str
    description: str = Field(min_length=1)
    required: bool = False
    primaryKey: bool = False
    primaryKeyPosition: int = -1
    partitioned: bool = False
    partitionKeyPosition: int = -1
    classification: Classification = "none"


class Rule(standard.DataQuality):
    """A quality rule of any kind. Those of the engine ``greatExpectations`` are checked here."""

    model_config = STRICT


class Table(standard.SchemaObject):
    """The one schema object of a file."""

    model_config = STRICT

    name: Name
    physicalType: str
    properties: tuple[Property, ...] = Field(min_length=1)  # type: ignore[assignment]
    quality: tuple[Rule, ...] = ()  # type: ignore[assignment]


class Implementation(Node):
    """A Great Expectations expectation over the columns of the aggregate."""

    type: str = Field(pattern=r"^expect_[a-z_]+$")
    kwargs: dict[str, Any]


class Quality(Rule):
    """One expectation about a batch as a whole: a rule that is checked here."""

    name: Name
    description: str
    dimension: Literal["completeness", "uniqueness", "validity", "timeliness", "consistency"]
    severity: Literal["error", "warning"]
    type: Literal["custom"]
    engine: Literal["greatExpectations"]
    implementation: Implementation  # type: ignore[assignment]


class Description(standard.Description):
    """What the data is for."""

    model_config = STRICT

    purpose: str = Field(min_length=1)


class Team(standard.Team):
    """Who is responsible for the data."""

    model_config = STRICT

    name: str = Field(min_length=1)


class Sla(standard.ServiceLevelAgreementProperty):
    """A service-level agreement on the data, such as its retention."""

    model_config = STRICT


class CustomProperty(standard.CustomProperty):
    """An extension point of the standard. One with a ``vendor`` belongs to another tool."""

    model_config = STRICT

    property: str


class Document(standard.OpenDataContractStandard):
    """A whole schema file."""

    model_config = STRICT

    apiVersion: str = Field(pattern=r"^v3\.[0-2]\.\d+$")
    kind: Literal["DataContract"]
    id: str
    name: Name
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    status: str
    description: Description
    team: Team
    schema_: tuple[Table] = Field(alias="schema")  # type: ignore[assignment]
    slaProperties: tuple[Sla, ...] = ()  # type: ignore[assignment]
    customProperties: tuple[CustomProperty, ...] = ()  # type: ignore[assignment]
