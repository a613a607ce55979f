"""``causalrec init SHOP``: a commented settings file from a few answers."""

import re
import zoneinfo
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.prompt import Prompt

from causalrec.config import Settings, load_settings, written_path
from causalrec.errors import SettingsError
from causalrec.ingest.check import check_landing
from jobs.commands._shared.options import a_path, one_of

ROOT = Path(__file__).resolve().parents[2]
MAPPINGS = ROOT / "docs" / "mappings"
NATIVE = "native"
PROPOSED = "# as the first rows of the delivered files seem to be written; causalrec check says more\n"
TEMPLATE = """\
# Settings of the shop {shop}. What is not here has its default; causalrec check says what is missing.
shop = "{shop}"

[paths]
work = ".work/{shop}"  # everything that is made: tables, models, pages
landing = "{landing}"  # the shop's files: events/arrival_date=YYYY-MM-DD/, products/..., images/

[source]
kind = "native"  # the files lie there already; nothing is generated or converted

[landing]
time_zone = "{zone}"  # the dates of the folders are days of this zone
unread_files = "refuse"  # a file that nobody can read stops the delivery instead of being passed over

[ingest]
max_rejected_share = 0.2  # a delivery that would lose more of its rows is refused; nothing is written then

[gate]
auto_approve = "first"  # so that the first night ends with recommendations; later models wait for a person
refuters = []  # each is one more training; remove this line before people rely on the shop
"""


def layouts() -> list[str]:
    """Names of the ready-made mappings, and of the contracts' own layout."""
    return [NATIVE, *sorted(file.stem for file in MAPPINGS.glob("*.toml"))]


def init(
    shop: Annotated[str, typer.Argument(metavar="SHOP", help="Short name, also of the file.")],
    landing: Annotated[str | None, typer.Option(help="Folder or URI of the shop's files.")] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="IANA name of the zone in which the shop counts its days.")
    ] = None,
    layout: Annotated[
        str | None,
        typer.Option(
            parser=one_of(layouts()),
            metavar="NAME",
            help=f"Software that wrote the files: {', '.join(layouts())}.",
        ),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            parser=a_path, metavar="FILE", help="File to write (default: infra/settings/SHOP.toml)."
        ),
    ] = None,
) -> int:
    """Ask for missing answers, and write the file; an existing one is left alone.

    Where files have arrived already, it holds what causalrec check proposes for them.
    """
    console = Console()
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,40}", shop):
        raise SettingsError(f"{shop!r} is not a valid shop name", do="use lowercase letters, digits, - and _")
    folder = ROOT / "infra" / "settings"
    file = to or (folder if folder.is_dir() else Path()) / f"{shop}.toml"
    if file.exists():
        raise SettingsError(f"{file} already exists", do="edit it, or name another file with --to")
    folder_of_files = landing or str(
        Prompt.ask("Folder of the shop's files", default="landing", console=console)
    )
    zone = time_zone or str(Prompt.ask("Time zone of the shop's days", default="UTC", console=console))
    software = layout or str(
        Prompt.ask("Software that wrote the files", choices=layouts(), default=NATIVE, console=console)
    )
    text = settings_text(shop, folder_of_files, zone, software)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    try:
        settings = load_settings(file, {})
        if software == NATIVE and (found := proposals(settings)):
            file.write_text(f"{text}\n{found}", encoding="utf-8")
            load_settings(file, {})
    except SettingsError:
        file.unlink()
        raise
    console.print(f"written: {file}", soft_wrap=True)
    console.print(f"next: causalrec check --settings {file}", soft_wrap=True)
    return 0


def proposals(settings: Settings) -> str:
    """What ``causalrec check`` proposes for deliveries that have arrived already, as TOML; '' for nothing."""
    blocks = {one.kind: one.toml for one in reversed(check_landing(settings)) if one.toml}
    return "\n".join(f"{PROPOSED}{text}\n" for text in blocks.values())


def settings_text(shop: str, landing: str, zone: str, layout: str) -> str:
    """The file's content.

    Raises:
        SettingsError: the time zone is not known.
    """
    if zone not in zoneinfo.available_timezones():
        raise SettingsError(f"{zone!r} is not an IANA time zone", do="use one such as Europe/Berlin")
    place = landing if "://" in landing else str(written_path(landing).absolute())
    escaped = place.replace("\\", "\\\\").replace('"', '\\"')
    text = TEMPLATE.format(shop=shop, landing=escaped, zone=zone)
    if layout != NATIVE:
        text += "\n" + (MAPPINGS / f"{layout}.toml").read_text(encoding="utf-8")
    return text
