"""How a file of a delivery maps to the columns of its landing contract: names, values, formats."""

import datetime as dt
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from causalrec.config.section import Section

Encoding = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]*$")]


class Take(Section):
    """Where one column of the contract comes from; in TOML a plain string is short for ``column``.

    Exactly one of ``column``, ``join``, ``value`` and ``arrival_date`` is given. A path such as
    ``items.item_id`` reaches into nested JSON, ``params[ga_session_id].value`` into a list of keyed objects.
    """

    column: str = Field("", description="name, or path, of the column in the shop's file")
    otherwise: tuple[str, ...] = Field(
        (), description="columns, or paths, that are tried in turn where that one is empty"
    )
    join: tuple[str, ...] = Field(
        (), description="columns whose values, joined by ':', make the value; also names of ours"
    )
    value: str | None = Field(None, description="the same text for every row")
    arrival_date: bool = Field(False, description="the first instant of the delivery's day")
    values: dict[str, str] = Field(
        default_factory=dict, description="shop's word -> ours; other words stay as they are"
    )

    @model_validator(mode="before")
    @classmethod
    def _text_is_a_column(cls, given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
        return {"column": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if sum((bool(self.column), bool(self.join), self.value is not None, self.arrival_date)) != 1:
            raise ValueError("give exactly one of column, join, value and arrival_date")
        if self.otherwise and not self.column:
            raise ValueError("otherwise stands beside column")
        return self

    @property
    def sources(self) -> tuple[str, ...]:
        """Columns, or paths, of the file that are read."""
        return (self.column, *self.otherwise) if self.column else self.join


class FillDown(Section):
    """Cells that are left empty because the row directly above says the same.

    For exports such as Shopify's, in which a product is a row per variant and only the first has the title.
    """

    by: str = Field("", description="column of the file that is equal in rows that belong together")
    columns: tuple[str, ...] = Field(
        (), description="columns of the file whose empty cells take the value above, within equal `by`"
    )

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if bool(self.by) != bool(self.columns):
            raise ValueError("give both by and columns")
        return self


class FeedLayout(Section):
    """How files of a delivery are written. The defaults are the layout of the contract."""

    columns: dict[str, Take] = Field(
        default_factory=dict, description="column of the contract -> where it comes from"
    )
    extra_columns: Literal["refuse", "ignore"] = Field(
        "refuse", description="what to do if a file has columns that nothing reads"
    )
    header: tuple[str, ...] = Field((), description="column names of CSV files that have no header line")
    delimiter: str = Field(
        "", max_length=1, description="character between CSV cells; empty: taken from the header"
    )
    encoding: Encoding = Field(
        "", description="encoding of text files, such as windows-1252; empty: UTF-8, or by BOM"
    )
    decimal_comma: bool | None = Field(
        None,
        description="true: numbers are written 1.234,50; false: 1,234.50; empty: 1234.50, and a number that "
        "can be meant in either way is left empty and counted",
    )
    currency: str = Field(
        "",
        pattern=r"^([A-Z]{3})?$",
        description="ISO 4217 code of the shop's prices, such as EUR: prices in other currencies are left "
        "empty; empty: any currency may stand beside a price",
    )
    epoch_unit: Literal["", "s", "ms", "us", "ns"] = Field(
        "", description="unit of times given as numbers since 1970; empty: such times are rejected"
    )
    time_format: str = Field(
        "", description="how times are written that are not ISO 8601, such as %d.%m.%Y %H:%M"
    )
    naive_times: Literal["refuse", "shop", "UTC"] = Field(
        "refuse", description="times without an offset: refused, in landing.time_zone, or in UTC"
    )
    number_ids: bool = Field(False, description="accept whole numbers as ids: 7 becomes the text 7")
    list_separator: str = Field(
        "", description="between picture names in one text; empty: commas after a file ending or before http"
    )
    explode: str = Field(
        "",
        description="list in a JSON row, each element of which is a row: items, or orders.line_items",
    )
    unlisted: Literal["leave", "keep"] = Field(
        "leave", description="rows without that list: counted and not kept, or kept as they are"
    )
    only: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="column of the file -> values that are read; other rows are counted, not kept",
    )
    filled: tuple[str, ...] = Field(
        (), description="columns of the file without which a row is counted, not kept"
    )
    fill_down: FillDown = FillDown()

    @field_validator("time_format")
    @classmethod
    def _names_a_day(cls, text: str) -> str:
        day = dt.datetime(2026, 12, 31)
        try:
            same = not text or dt.datetime.strptime(day.strftime(text), text).date() == day.date()
        except ValueError as error:
            raise ValueError(f"{text!r} is no format of times: {error}") from error
        if not same:
            raise ValueError(f"{text!r} does not name day, month and year, as %d.%m.%Y does")
        return text

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, name: str) -> str:
        try:
            "".encode(name or "utf-8")
        except LookupError as error:
            raise ValueError(f"Python knows no text encoding {name}") from error
        return name
