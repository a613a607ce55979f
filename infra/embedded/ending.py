"""How a command of the platform ends."""

from collections.abc import Callable

from rich.console import Console

from causalrec.disk import disk_faults_named
from causalrec.errors import CausalrecError

FAILED, INTERRUPTED = 1, 130


def exit_status(command: Callable[[], None], console: Console) -> int:
    """Runs ``command``; what it is refused for, or that it was interrupted, is one line in red."""
    try:
        with disk_faults_named():
            command()
    except CausalrecError as error:
        console.print(str(error), style="bold red", highlight=False, markup=False, soft_wrap=True)
        return FAILED
    except KeyboardInterrupt:
        console.print("interrupted; all processes that were started have been stopped", style="bold red")
        return INTERRUPTED
    return 0
