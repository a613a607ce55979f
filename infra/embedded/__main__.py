"""Command line of the embedded platform: ``python -m infra.embedded nightly|backfill|up``."""

import argparse
import datetime as dt
import sys
from pathlib import Path

from rich.console import Console

from infra.embedded import commands
from infra.embedded.ending import exit_status
from infra.embedded.plan import make_plan, show_plan
from infra.embedded.shop import ROOT, open_shop

DEFAULT_DATES = {"demo": "2026-03-01", "hm": "2020-06-30"}


def main(argv: list[str] | None = None) -> int:
    """Returns the exit status."""
    console = Console()
    arguments = _parser().parse_args(argv)
    return exit_status(lambda: _do(arguments, console), console)


def _do(arguments: argparse.Namespace, console: Console) -> None:
    file = Path(arguments.settings) if arguments.settings else _settings_of(arguments.source)
    shop = open_shop(file, arguments.raw)
    shop.keep_private()
    if arguments.command == "nightly":
        commands.nightly(shop, _date(arguments.ds, arguments.source), console)
    elif arguments.command == "plan":
        show_plan(make_plan(shop, arguments.first, arguments.last), console)
    elif arguments.command == "backfill":
        commands.backfill(shop, arguments.first, arguments.last, console)
    else:
        commands.up(shop, arguments.airflow_port, arguments.mlflow_port, arguments.site_port, console)


def _settings_of(source: str) -> Path:
    return ROOT / "infra" / "settings" / f"{source}.toml"


def _date(given: dt.date | None, source: str) -> dt.date:
    """The date asked for; else the shop's sample date; else yesterday."""
    if given is not None:
        return given
    if source in DEFAULT_DATES:
        return dt.date.fromisoformat(DEFAULT_DATES[source])
    return dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--source", default="demo", help="settings file: infra/settings/SOURCE.toml")
    shared.add_argument("--settings", help="another settings file")
    shared.add_argument("--raw", help="folder of raw data in another layout")
    parser = argparse.ArgumentParser(prog="python -m infra.embedded")
    commands_ = parser.add_subparsers(dest="command", required=True)
    night = commands_.add_parser("nightly", parents=[shared], help="run one date")
    night.add_argument("--ds", type=dt.date.fromisoformat, help="run date YYYY-MM-DD")
    for name, help_ in (
        ("plan", "show what a backfill would do"),
        ("backfill", "run the dates that are missing or stale"),
    ):
        span = commands_.add_parser(name, parents=[shared], help=help_)
        span.add_argument("--from", dest="first", type=dt.date.fromisoformat, required=True)
        span.add_argument("--to", dest="last", type=dt.date.fromisoformat, required=True)
    serve = commands_.add_parser("up", parents=[shared], help="run Airflow, MLflow and the site")
    serve.add_argument("--airflow-port", type=int, default=8080)
    serve.add_argument("--mlflow-port", type=int, default=5000)
    serve.add_argument("--site-port", type=int, default=8090)
    return parser


if __name__ == "__main__":
    sys.exit(main())
