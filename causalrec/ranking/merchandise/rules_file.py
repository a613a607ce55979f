"""The rules file of a shop: read, checked, and named by its content."""

import datetime as dt
import hashlib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from causalrec.config.section import first_error
from causalrec.errors import SettingsError
from causalrec.ranking.merchandise.kinds import Block, Boost, Cap, Objective, Pin, Promotion

HIDDEN_COLUMNS = ("user_id", "item_id")
PAIRS = pa.schema([(name, pa.string()) for name in HIDDEN_COLUMNS])


class Merchandise(BaseModel):
    """Everything in a rules file.

    Attributes:
        objective: what lists are to earn besides responses; None: nothing.
        hidden: CSV or Parquet file of user_id and item_id that these users must not get, relative to the
            rules file; empty: none.
        folder: where the rules file lies.
        digest: sha256 (hex) of the rules file and the file of hidden pairs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    pins: tuple[Pin, ...] = ()
    promotions: tuple[Promotion, ...] = ()
    boosts: tuple[Boost, ...] = ()
    caps: tuple[Cap, ...] = ()
    blocks: tuple[Block, ...] = ()
    objective: Objective | None = None
    hidden: str = ""
    folder: Path = Field(Path(), exclude=True)
    digest: str = Field("", exclude=True)

    @model_validator(mode="after")
    def _one_item_per_place(self) -> Self:
        for number, one in enumerate(self.pins):
            for other in self.pins[:number]:
                if one.rank == other.rank and one.meets(other):
                    raise ValueError(
                        f"{other.item} and {one.item} are pinned to place {one.rank} on the same night"
                    )
        return self

    @property
    def weighs(self) -> bool:
        """Whether lists are to earn something besides responses."""
        return self.objective is not None and self.objective.weight > 0

    def needs(self) -> Iterator[tuple[str, str]]:
        """Columns of the products that the rules ask for, beside who asks."""
        kinds = (("promotion", self.promotions), ("boost", self.boosts), ("block", self.blocks))
        for kind, rules in kinds:
            for rule in rules:
                yield from ((column, f"{kind} {rule.name}") for column in sorted(rule.columns))
        for cap in self.caps:
            yield from ((column, f"the cap by {cap.by}") for column in sorted(cap.columns))
        if self.weighs and self.objective is not None:
            yield self.objective.value, "the objective"

    def blocks_of(self, ds: dt.date) -> tuple[Block, ...]:
        """The blocks that hold on the night of ``ds``."""
        return tuple(block for block in self.blocks if block.active(ds))

    def reorders(self, ds: dt.date) -> bool:
        """Whether lists of ``ds`` may stand in another order than that of their scores."""
        capped = any(cap.active(ds) and cap.night_share is not None for cap in self.caps)
        return capped or self.weighs or any(boost.active(ds) for boost in self.boosts)

    def hidden_pairs(self) -> pa.Table:
        """user_id and item_id, each pair once.

        Raises:
            SettingsError: the file cannot be read, or lacks a column.
        """
        return _pairs(self.folder / self.hidden) if self.hidden else PAIRS.empty_table()


NOTHING = Merchandise()


def read_merchandise(file: str) -> Merchandise:
    """The rules in ``file``; :data:`NOTHING` where it is empty.

    Raises:
        SettingsError: it cannot be read, or says something that no rule allows.
    """
    if not file:
        return NOTHING
    path = Path(file)
    try:
        text = path.read_bytes()
        given = tomllib.loads(text.decode("utf-8"))
        found = Merchandise.model_validate({**given, "folder": path.parent})
        more = (path.parent / found.hidden).read_bytes() if found.hidden else b""
    except ValidationError as error:
        raise SettingsError(f"{path}: {first_error(error)}", do="correct the rules file") from error
    except (ValueError, OSError) as error:
        raise SettingsError(
            f"the rules file {path} cannot be read: {error}", do="scoring.merchandise names a TOML file"
        ) from error
    digest = hashlib.sha256(hashlib.sha256(text).digest() + hashlib.sha256(more).digest()).hexdigest()
    return found.model_copy(update={"digest": digest})


def merchandise_input(*files: str) -> dict[str, str]:
    """The content of the rules, for fingerprints; nothing where there are none."""
    rules = "".join(read_merchandise(file).digest for file in sorted({*files} - {""}))
    return {"merchandise": rules} if rules else {}


def _pairs(file: Path) -> pa.Table:
    try:
        if file.suffix == ".parquet":
            found = pq.read_table(file, columns=list(HIDDEN_COLUMNS))
        else:
            texts = pa_csv.ConvertOptions(
                column_types=dict(zip(PAIRS.names, PAIRS.types, strict=True)), include_columns=HIDDEN_COLUMNS
            )
            found = pa_csv.read_csv(file, convert_options=texts)
        pairs = found.cast(PAIRS)
    except (OSError, KeyError, pa.ArrowInvalid) as error:
        raise SettingsError(
            f"the hidden pairs in {file} cannot be read: {error}",
            do=f"give a CSV or Parquet file with the columns {' and '.join(HIDDEN_COLUMNS)}",
        ) from error
    return pairs.group_by(list(HIDDEN_COLUMNS)).aggregate([])
