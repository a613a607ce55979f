"""Where published lists are copied to, because shops serve from there."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from causalrec.config.sections import Section


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    if parts.password is not None or "password=" in parts.query.lower():
        raise ValueError("holds a password; put it into the environment variable that password_env names")
    return url


Url = Annotated[str, AfterValidator(_without_password)]


class PostgresSettings(Section):
    """PostgreSQL 14 or newer. An empty URL means that nothing is exported there.

    Attributes:
        url: ``postgresql://user@host:5432/database``, never with a password.
        password_env: environment variable that holds the password; unset for other ways to log in.
        schema_name: SQL schema of the views and tables; made where it is absent.
        keep: nights that stay stored, the served one included; an older one of them is served again at once.
        lock_seconds: longest wait for a lock that another session holds, and for readers of the night before.
    """

    url: Url = ""
    password_env: str = "CAUSALREC_POSTGRES_PASSWORD"  # noqa: S105 - the name of a variable
    schema_name: str = Field("causalrec", pattern=r"^[a-z_][a-z0-9_]{0,62}$")
    keep: int = Field(2, ge=2)
    connect_seconds: int = Field(10, ge=1)
    lock_seconds: int = Field(30, ge=1)


class RedisSettings(Section):
    """A Redis server (not a cluster). An empty URL means that nothing is exported there.

    Attributes:
        url: ``redis://user@host:6379/0`` or ``rediss://`` for TLS, never with a password.
        prefix: of every key; empty stands for ``causalrec:SHOP``.
        leave_out: columns that a served row does not need.
        old_seconds: how long the keys of the night before stay for readers that hold the old pointer.
        lease_seconds: a writer that is silent for so long has lost its turn.
    """

    url: Url = ""
    password_env: str = "CAUSALREC_REDIS_PASSWORD"  # noqa: S105 - the name of a variable
    prefix: str = ""
    leave_out: tuple[str, ...] = ("dataset_id", "dataset_pins", "score_raw", "score_content")
    old_seconds: int = Field(3_600, ge=1)
    lease_seconds: int = Field(120, ge=5)
    timeout_seconds: float = Field(30.0, gt=0)
    keys_at_once: int = Field(500, ge=1)


class ExportSettings(Section):
    """Copies of the published tables of a night; ``parquet`` is a folder (below the work folder) or a URI."""

    parquet: str = "exports"
    postgres: PostgresSettings = PostgresSettings()
    redis: RedisSettings = RedisSettings()
    batch_rows: int = Field(65_536, ge=1)
