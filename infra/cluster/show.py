"""The services of a cluster and their states: a live table on a terminal, one line per change elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.table import Table

from infra.cluster.service import Service, Step, Wave

WAITING, STARTING, READY, DONE = "waiting", "starting", "ready", "done"
STYLES = {WAITING: "dim", STARTING: "yellow", READY: "green", DONE: "dim"}


class Board:
    """What is shown while a cluster starts."""

    def __init__(self, waves: tuple[Wave, ...], console: Console) -> None:
        self._console = console
        self._members = [member for wave in waves for member in wave]
        self._states = {member.name: WAITING for member in self._members}
        self._began: dict[str, float] = {}
        self._took: dict[str, float] = {}
        self._live: Live | None = None

    @contextmanager
    def shown(self) -> Iterator[None]:
        """The table is live within the block, and stays at its end."""
        if not self._console.is_terminal:
            yield
            return
        with Live(console=self._console, get_renderable=self.table, refresh_per_second=4) as self._live:
            yield

    def starts(self, member: Service | Step) -> None:
        """``member`` was started."""
        self._states[member.name] = STARTING
        self._began[member.name] = time.monotonic()

    def is_ready(self, member: Service | Step) -> None:
        """``member`` passes its health check, or has ended well."""
        self._states[member.name] = DONE if isinstance(member, Step) else READY
        self._took[member.name] = time.monotonic() - self._began[member.name]
        if not self._console.is_terminal:
            took = f"{self._took[member.name]:.0f} s"
            self._console.print(f"{member.name}: {self._states[member.name]} after {took}", highlight=False)

    def table(self) -> Table:
        """A row per service and step."""
        table = Table(box=None, pad_edge=False)
        table.add_column("service")
        table.add_column("state")
        table.add_column("seconds", justify="right")
        table.add_column("address")
        for member in self._members:
            state, took = self._states[member.name], self._took.get(member.name)
            seconds = "" if took is None else f"{took:.0f}"
            address = member.address if isinstance(member, Service) else ""
            table.add_row(member.name, state, seconds, address, style=STYLES[state])
        return table
