"""``causalrec reproduce``: retrain a registered version from its pins on a CPU, and compare."""

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from causalrec.registry.reproduction.compare import Reproduction
from causalrec.registry.reproduction.reproduce import REPRODUCED_WITHIN
from causalrec.registry.reproduction.reproduce import reproduce as retrain
from causalrec.run import open_lake
from jobs._stage.runner import shop_settings
from jobs._terminal.tables import Table
from jobs.commands._shared.options import SettingsFile

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

EXIT_DIFFERENT = 3
SAME = "code, packages, data and machine match what was recorded"
WORDS = {
    "exact": "[bold green]exact[/]: every array is bit-for-bit identical",
    "close": "[bold yellow]close[/]: arrays differ, but no metric by more than {within:g}",
    "different": "[bold red]different[/]: at least one metric differs by more than {within:g}",
}


def reproduce(
    version: Annotated[str, typer.Argument(metavar="VERSION", help="Number of the version in MLflow.")],
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Also rebuild the data from the pinned tables.")
    ] = False,
    settings_file: SettingsFile = None,
) -> int:
    """Retrain, and show metrics, arrays and differences of this machine; 3 if a metric differs."""
    settings, console = shop_settings(settings_file), Console()
    lake = open_lake(settings)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with ExitStack() as stack:

        def spark() -> "SparkSession":
            from causalrec.lake.session import spark_session

            return stack.enter_context(spark_session(settings.spark, "causalrec"))

        bar = stack.enter_context(Progress(*columns, console=console, transient=True))
        task = bar.add_task(f"retrain version {version}", total=None)

        def epoch_done(epoch: int, metrics: dict[str, float]) -> None:
            bar.update(task, completed=epoch)

        found = retrain(settings, lake, version, spark, rebuild=rebuild, progress=epoch_done)
    console.print(_metrics(found))
    console.print(_tables(found))
    console.print(_differences(found) if found.differences else SAME)
    words = WORDS[found.verdict].format(within=REPRODUCED_WITHIN)
    console.print(f"version {found.version.version} is {words} (data: {escape(found.data)})", highlight=False)
    return EXIT_DIFFERENT if found.verdict == "different" else 0


def _metrics(found: Reproduction) -> Table:
    table = Table(title="metrics")
    for column in ("split", "metric", "logged", "registered", "retrained", "difference"):
        table.add_column(column, justify="left" if column in ("split", "metric") else "right")
    for metric in found.metrics:
        gap = metric.retrained - metric.registered
        logged = "" if metric.logged is None else f"{metric.logged:.6f}"
        values = (
            logged,
            f"{metric.registered:.6f}",
            f"{metric.retrained:.6f}",
            f"{gap:+.1e}" if gap else "0",
        )
        table.add_row(metric.split, metric.name, *values)
    return table


def _tables(found: Reproduction) -> Table:
    table = Table(title="arrays and files")
    for column in ("name", "shape", "largest value", "largest difference"):
        table.add_column(column, justify="left" if column == "name" else "right")
    for one in found.tables:
        shape = " x ".join(f"{size:,}" for size in one.shape)
        gap = "equal" if one.equal else f"{one.largest:.2e}"
        table.add_row(escape(one.name), shape, f"{one.scale:.4g}" if one.shape else "", gap)
    return table


def _differences(found: Reproduction) -> Table:
    title = "differences between this machine and the one it was trained on"
    table = Table(title=title)
    for column in ("what", "recorded", "here"):
        table.add_column(column)
    for one in found.differences:
        table.add_row(*(escape(text) for text in (one.what, one.recorded[:60], one.here[:60])))
    return table
