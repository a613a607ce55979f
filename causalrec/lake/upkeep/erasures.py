"""The list of erased users, as salted hashes, and the filter that keeps them out of later deliveries."""

import datetime as dt
import hashlib
import json
import secrets
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from causalrec.lake.lake import Lake

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

TABLE = "erasures"
SALT_BYTES = 16


class Erasures:
    """Reads and extends the table ``erasures``."""

    def __init__(self, lake: Lake) -> None:
        self._table = lake.table(TABLE)
        self._rows: list[dict[str, Any]] = self._table.read().to_pylist()

    @property
    def tokens(self) -> list[str]:
        """Tokens of all erased users, sorted."""
        return sorted({row["token"] for row in self._rows})

    @property
    def salt(self) -> str:
        """The salt of this lake; a new one while nobody was erased."""
        return str(self._rows[0]["salt"]) if self._rows else secrets.token_hex(SALT_BYTES)

    def receipts(self, user: str) -> list[dict[str, Any]]:
        """Receipts of a user, oldest first; with ``at`` (ISO)."""
        token = token_of(self.salt, user)
        done = [row for row in self._rows if row["token"] == token and row["status"] == "done"]
        return [
            {"at": row["at"].isoformat(), **json.loads(row["receipt"])}
            for row in sorted(done, key=lambda row: row["at"])
        ]

    def knows(self, user: str) -> bool:
        """Whether deliveries leave the user out already."""
        return token_of(self.salt, user) in self.tokens

    def record(self, user: str, status: Literal["requested", "done"], receipt: dict[str, Any]) -> None:
        """Append one row."""
        salt = self.salt
        row = {
            "token": token_of(salt, user),
            "salt": salt,
            "at": dt.datetime.now(dt.UTC),
            "status": status,
            "receipt": json.dumps(receipt, sort_keys=True),
        }
        self._table.append(pa.Table.from_pylist([row], schema=self._table.schema))
        self._rows.append(row)


def token_of(salt: str, user: str) -> str:
    """What stands for a user."""
    return hashlib.sha256(f"{salt}{user}".encode()).hexdigest()


def without_erased(frame: "DataFrame", lake: Lake) -> "DataFrame":
    """``frame`` without the rows of erased users: those of their ``user_id``, or of one in ``raw``."""
    from pyspark.sql import functions as F

    erasures = Erasures(lake)
    if not erasures.tokens or "user_id" not in frame.columns:
        return frame
    user = F.coalesce("user_id", F.get_json_object("raw", "$.user_id"))
    token = F.sha2(F.concat(F.lit(erasures.salt), user), 256)
    listed = frame.sparkSession.createDataFrame([(one,) for one in erasures.tokens], "erased_token string")
    return frame.join(F.broadcast(listed), token == F.col("erased_token"), "left_anti")
