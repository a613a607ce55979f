"""``causalrec forget``: a version without erased users and items replaces the champion, if it passes."""

from rich.console import Console

from causalrec.config import Settings
from causalrec.erasure.forgotten import delete_flagged
from causalrec.registry.forget import REPAIRED, ds_to_forget, forget_and_log, gate_passed
from causalrec.registry.promotion.decisions import decide_by_hand
from causalrec.run import Run, open_lake, open_run
from jobs import build_dataset, evaluate
from jobs._stage.runner import run, shop_settings
from jobs._terminal.progress import Terminal
from jobs.commands._shared.decision import person, say
from jobs.commands._shared.options import SettingsFile, Who, Why


def forget(why: Why = "", who: Who = "", settings_file: SettingsFile = None) -> int:
    """Rebuild the champion's dataset, forget, judge, promote; delete versions trained on erased data."""
    settings, console = shop_settings(settings_file), Console()
    ds = ds_to_forget(settings, open_lake(settings))

    def stage() -> Run:
        return open_run(settings, ds, Terminal(console))

    run(build_dataset.JOB, stage())
    made = forget_and_log(settings, stage().lake)
    console.print(made.note, highlight=False, soft_wrap=True)
    run(evaluate.JOB, stage())
    if made.counters[REPAIRED] and not gate_passed(settings):
        console.print("the gate rejects the repair: fitting from scratch", highlight=False)
        made = forget_and_log(settings, stage().lake, repair=False)
        console.print(made.note, highlight=False, soft_wrap=True)
        run(evaluate.JOB, stage())
    decided = decide_by_hand(
        settings, stage().lake, "approve", person(who, why or "without erased users and items")
    )
    _say_deleted(settings, console)
    return say(decided)


def _say_deleted(settings: Settings, console: Console) -> None:
    deleted = delete_flagged(settings)
    if deleted:
        console.print(f"deleted: versions {', '.join(deleted)}, which held what was erased", highlight=False)
