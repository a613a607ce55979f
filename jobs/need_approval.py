"""Exit 0 where a version that passed the gate waits for a person, 99 where none does, 1 on an error."""

import sys

from causalrec.config import Settings
from causalrec.registry.decisions import waiting
from causalrec.registry.versions import TRAINED_ON
from jobs._question import ask


def approval_needed(settings: Settings) -> tuple[bool, str]:
    """Which version waits, and where it can be looked at."""
    found = waiting(settings)
    if found is None:
        return False, "no version waits for approval"
    data = found.tags.get(TRAINED_ON, "?")
    text = f"version {found.version} of {found.name}, trained on the data of {data}"
    base = settings.registry.page_url.rstrip("/")
    return True, f"{text}: {base}/#/models/{found.name}/versions/{found.version}" if base else text


def main(argv: list[str] | None = None) -> int:
    """Say it."""
    return ask("need_approval", __doc__, approval_needed, argv)


if __name__ == "__main__":
    sys.exit(main())
