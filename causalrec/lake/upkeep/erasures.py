"""The list of what was erased, as salted hashes, and what keeps it out of later deliveries."""

import datetime as dt
import hashlib
import json
import secrets
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from causalrec.lake.lake import Lake
from causalrec.lake.upkeep.subject import NAMES, Kind, Subject

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

TABLE = "erasures"
ERASED = "erased"
"""Reason of a delivered row that an erasure forbids the shop to keep; it is counted, without values."""
PLACE = ("arrival_date", "source_file", "source_line")
LISTS = ("nulled", "unread")
SALT_BYTES = 16
WORDS = (r'"((?:[^"\\]|\\.)*)"', r"([^,;|\t\n\"]+)", r"([\w.@+-]+)")
"""Patterns for words in an unparsed text: quoted, between separators, by their letters."""


class Erasures:
    """Reads and extends the table ``erasures``."""

    def __init__(self, lake: Lake) -> None:
        self._table = lake.table(TABLE)
        self._rows: list[dict[str, Any]] = self._table.read().to_pylist()

    @property
    def tokens(self) -> list[str]:
        """Tokens of everything that was erased, sorted."""
        return sorted({row["token"] for row in self._rows})

    @property
    def salt(self) -> str:
        """The salt of this lake; a new one if nothing has been erased yet."""
        return str(self._rows[0]["salt"]) if self._rows else secrets.token_hex(SALT_BYTES)

    def receipts(self, subject: Subject) -> list[dict[str, Any]]:
        """Receipts of a subject, oldest first; with ``at`` (ISO)."""
        kind, one = subject.asked
        token = token_of(self.salt, kind, one)
        done = [row for row in self._rows if row["token"] == token and row["status"] == "done"]
        return [
            {"at": row["at"].isoformat(), **json.loads(row["receipt"])}
            for row in sorted(done, key=lambda row: row["at"])
        ]

    def knows(self, subject: Subject) -> bool:
        """Whether deliveries already leave out all of the subject."""
        known = set(self.tokens)
        return all(token_of(self.salt, kind, one) in known for kind, one in subject.pairs)

    def named(self, kind: Kind, ids: list[str]) -> list[bool]:
        """Whether each of ``ids`` was erased."""
        known = set(self.tokens)
        return [bool(known) and token_of(self.salt, kind, one) in known for one in ids]

    def request(self, subject: Subject) -> None:
        """From now on deliveries leave the subject out."""
        known, salt = set(self.tokens), self.salt
        tokens = [token_of(salt, kind, one) for kind, one in subject.pairs]
        self._append([token for token in tokens if token not in known], salt, "requested", {})

    def done(self, subject: Subject, receipt: dict[str, Any]) -> None:
        """Store one receipt for the request."""
        self._append([token_of(self.salt, *subject.asked)], self.salt, "done", receipt)

    def _append(
        self, tokens: list[str], salt: str, status: Literal["requested", "done"], receipt: dict[str, Any]
    ) -> None:
        fixed = {"salt": salt, "at": dt.datetime.now(dt.UTC), "status": status}
        rows = [{"token": token, **fixed, "receipt": json.dumps(receipt, sort_keys=True)} for token in tokens]
        if rows:
            self._table.append(pa.Table.from_pylist(rows, schema=self._table.schema))
            self._rows += rows


def token_of(salt: str, kind: Kind, one: str) -> str:
    """The salted hash of a user, an item or a brand."""
    return hashlib.sha256(f"{salt}{PREFIX[kind]}{one}".encode()).hexdigest()


PREFIX: dict[Kind, str] = {"user": "", "item": "item\x1f", "brand": "brand\x1f"}
"""Prefix that distinguishes an item from a user with the same id; users have none, as in older lakes."""


def erased_emptied(frame: "DataFrame", lake: Lake) -> "DataFrame":
    """``frame`` with :data:`ERASED` as the reason of erased rows; of them only their place is left.

    These are rows whose user, item or brand is listed, and unparsed rows whose ``raw`` text contains such an
    id as a word.
    """
    from pyspark.sql import functions as F

    erasures = Erasures(lake)
    if not erasures.tokens:
        return frame
    salt, found = erasures.salt, frame.withColumn("_erased", _told(frame, erasures))
    rows = [(one,) for one in erasures.tokens]
    listed = F.broadcast(frame.sparkSession.createDataFrame(rows, "erased_token string"))
    for kind, name in NAMES.items():
        if name in frame.columns:
            named = F.coalesce(F.col(name), F.get_json_object("raw", f"$.{name}"))
            found = found.join(listed, _token(salt, kind, named) == F.col("erased_token"), "left")
            erased = F.col("_erased") | F.col("erased_token").isNotNull()
            found = found.withColumn("_erased", erased).drop("erased_token")
    return found.select(*[_unless_erased(name) for name in frame.columns])


def _unless_erased(name: str) -> "Column":
    from pyspark.sql import functions as F

    erased, value = F.col("_erased"), F.col(name)
    nothing = F.array().cast("array<string>") if name in LISTS else F.lit(None)
    instead = {"reason": F.lit(ERASED), **dict.fromkeys(PLACE, value)}.get(name, nothing)
    return F.when(erased, instead).otherwise(value).alias(name)


def _token(salt: str, kind: Kind, one: "Column") -> "Column":
    from pyspark.sql import functions as F

    return F.sha2(F.concat(F.lit(salt + PREFIX[kind]), one), 256)


def _told(frame: "DataFrame", erasures: Erasures) -> "Column":
    """Whether the text of a row without ids in its columns mentions an erased id all the same."""
    from pyspark.sql import functions as F

    names = [name for name in NAMES.values() if name in frame.columns]
    places = [F.get_json_object("raw", f"$.{name}") for name in names]
    proper = F.array_size(F.array_compact(F.array(*[F.when(~p.rlike(r"^[\[{]"), p) for p in places])))
    listed = F.array(*[F.lit(one) for one in erasures.tokens])
    strange = F.col("raw").isNotNull() & (proper < min(2, len(names)))
    found = F.when(strange, F.arrays_overlap(_words(erasures.salt), listed))
    return F.coalesce(found, F.lit(False))


def _words(salt: str) -> "Column":
    """Tokens of the words in ``raw``, for every kind."""
    from pyspark.sql import functions as F

    words = F.concat(*[F.regexp_extract_all("raw", F.lit(way), F.lit(1)) for way in WORDS])
    trimmed = F.array_distinct(F.transform(words, lambda word: F.trim(word)))

    def as_kind(kind: Kind) -> "Column":
        return F.transform(trimmed, lambda word: _token(salt, kind, word))

    return F.concat(*[as_kind(kind) for kind in NAMES])
