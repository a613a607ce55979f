"""Where published lists are copied to, because shops serve from there."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from causalrec.config.section import FolderOrUri, Section


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    if parts.password is not None or "password=" in parts.query.lower():
        raise ValueError("holds a password; put it into the environment variable that password_env names")
    return url


Url = Annotated[str, AfterValidator(_without_password)]


class PostgresSettings(Section):
    """PostgreSQL 14 or newer. An empty URL means that nothing is exported there."""

    url: Url = Field(
        "",
        description="postgresql://user@host:5432/database, never with a password; empty: no export "
        "to PostgreSQL",
    )
    password_env: str = Field(
        "CAUSALREC_POSTGRES_PASSWORD",
        description="environment variable that holds the password; unset for other ways to log in",
    )
    schema_name: str = Field(
        "causalrec",
        pattern=r"^[a-z_][a-z0-9_]{0,62}$",
        description="SQL schema of the views and tables; created where it is missing",
    )
    keep: int = Field(2, ge=2, description="nights that stay stored, the served one included")
    lock_seconds: int = Field(
        30, ge=1, description="seconds to wait for a lock, and for readers of the night before"
    )


class RedisSettings(Section):
    """A Redis server (not a cluster). An empty URL means that nothing is exported there."""

    url: Url = Field(
        "",
        description="redis://user@host:6379/0, or rediss:// for TLS, never with a password; empty: "
        "no export to Redis",
    )
    password_env: str = Field(
        "CAUSALREC_REDIS_PASSWORD", description="environment variable that holds the password"
    )
    prefix: str = Field("", description="of every key; empty: causalrec:SHOP")
    old_seconds: int = Field(3_600, ge=1, description="seconds for which the keys of the night before stay")


class QdrantSettings(Section):
    """A Qdrant server, for vectors. An empty URL means that nothing is exported there."""

    url: Url = Field(
        "",
        description="http://host:6333 or https://; a folder for Qdrant's local mode, to try it; empty: no "
        "export to Qdrant",
    )
    api_key_env: str = Field(
        "CAUSALREC_QDRANT_API_KEY", description="environment variable that holds the key of its API"
    )
    prefix: str = Field(
        "",
        pattern=r"^[A-Za-z0-9_-]*$",
        description="of every collection and alias; empty: causalrec_SHOP",
    )


class ExportSettings(Section):
    """Copies of the published tables of a night; ``parquet`` is a folder (below paths.store) or a URI."""

    parquet: FolderOrUri = Field(
        "exports", description="folder (below paths.store) or URI of the Parquet copies"
    )
    vectors: bool = Field(
        False,
        description="store and export the vectors of items and users behind the scores, for vector databases",
    )
    postgres: PostgresSettings = PostgresSettings()
    redis: RedisSettings = RedisSettings()
    qdrant: QdrantSettings = QdrantSettings()
    plugins: tuple[str, ...] = Field((), description="names of export targets that other packages bring")
