"""The pages of a shop behind its log-in: ``python -m infra.embedded.site_app ...``.

The files may name users, and a port on loopback is open to every user of the machine.
"""

import argparse
import json
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from infra.embedded.mlflow_app import LogIn
from infra.embedded.ports import HOST
from infra.embedded.site_server import INDEX

NOT_YET = "There is no site yet. Run a night, then: .venv/bin/causalrec site\n"


def pages(folder: Path) -> Starlette:
    """Serves the files of the report folder; the root leads to the site, if there is one."""

    async def root(_: Request) -> Response:
        if (folder / INDEX).is_file():
            return RedirectResponse(f"/{INDEX}")
        return PlainTextResponse(NOT_YET, 404)

    files = StaticFiles(directory=folder, html=True, check_dir=False)
    return Starlette(routes=[Route("/", root), Mount("/", files)])


def main() -> None:
    """Serves until it is stopped. The password is in a file, since anyone can read a command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--users", type=Path, required=True, help="JSON file: name -> password")
    parser.add_argument("--folder", type=Path, required=True, help="folder of reports")
    given = parser.parse_args()
    import uvicorn

    users: dict[str, str] = json.loads(given.users.read_text(encoding="utf-8"))
    application = LogIn(pages(given.folder), users, given.port)
    uvicorn.run(application, host=HOST, port=given.port, log_level="warning")


if __name__ == "__main__":
    main()
