"""``causalrec serve``: the champion answers over HTTP; ``mlflow models serve`` takes over this process."""

import ipaddress
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from causalrec.config import Settings
from causalrec.registry.champion.alias import asked_version
from causalrec.registry.store import guarded
from causalrec.run import open_lake
from jobs._stage.runner import shop_settings
from jobs.commands._shared.options import SettingsFile

LOOPBACK = "127.0.0.1"


def serve(
    version: Annotated[
        str | None, typer.Option("--version", metavar="NUMBER", help="Version (default: the champion).")
    ] = None,
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; the server has no log-in.")
    ] = LOOPBACK,
    port: Annotated[int, typer.Option("--port", min=1, max=65_535, help="Port to listen on.")] = 5001,
    workers: Annotated[
        int, typer.Option("--workers", min=1, help="Processes; each holds the whole model.")
    ] = 1,
    settings_file: SettingsFile = None,
) -> int:
    """Check the version, then serve it until stopped."""
    settings, console = shop_settings(settings_file), Console()
    with guarded(settings):
        found = asked_version(settings, open_lake(settings), version)
    console.print(
        f"version {found.version} of {found.name} at http://{host}:{port}/invocations",
        highlight=False,
        soft_wrap=True,
    )
    if not is_loopback(host):
        console.print(f"{host} can be reached from outside, and the server asks nobody for a log-in")
    sys.stdout.flush()
    os.execve(  # noqa: S606 - the arguments are a list, and signals reach the server itself
        sys.executable, command(found.name, found.version, host, port, workers), environment(settings)
    )


def command(name: str, version: str, host: str, port: int, workers: int) -> list[str]:
    """The command line of MLflow's server for one version."""
    options = {"--host": host, "--port": str(port), "--workers": str(workers), "--env-manager": "local"}
    listed = [part for pair in options.items() for part in pair]
    uri = f"models:/{name}/{version}"
    return [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", uri, *listed]


def environment(settings: Settings) -> dict[str, str]:
    """This process's variables, with the registry of the settings; MLflow looks for programs in ``PATH``."""
    uri, beside = settings.tracking_uri, str(Path(sys.executable).parent)
    path = os.pathsep.join([beside, *filter(None, [os.environ.get("PATH")])])
    registry = {"MLFLOW_TRACKING_URI": uri, "MLFLOW_REGISTRY_URI": uri}
    return {**os.environ, **registry, "PATH": path, "MLFLOW_DISABLE_TELEMETRY": "true"}


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches ``host``."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
