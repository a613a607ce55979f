"""Exit 0 if a version that passed the gate awaits approval, 99 if none does, 1 on an error.

The last line is JSON: ``version`` is what the answer will refer to, whatever is trained meanwhile; ``text``
describes it and links to its pages (Markdown).
"""

import json
import sys

from causalrec.config import Settings
from causalrec.lake import Lake
from causalrec.registry.pages import review_page_address, version_page
from causalrec.registry.promotion.decisions import waiting
from causalrec.registry.promotion.trial import trial_of
from causalrec.registry.runs import REVIEW
from causalrec.registry.store import guarded
from causalrec.registry.versions import AGAINST, TRAINED_ON, ModelVersion
from causalrec.run import Run
from jobs._stage.runner import Question, main


def approval_needed(run: Run) -> tuple[bool, str]:
    """Which version is waiting, and where to look at it."""
    settings = run.settings
    with guarded(settings):
        found = waiting(settings, run.lake)
        if found is None:
            return False, "no version is waiting for approval"
        return True, json.dumps({"version": found.version, "text": _text(settings, run.lake, found)})


def _text(settings: Settings, lake: Lake, found: ModelVersion) -> str:
    """Which version it is, which one it would replace, and where to read about it."""
    against, path = found.tags.get(AGAINST), found.tags.get(REVIEW)
    rival = f"compared with champion version {against}" if against else "there is no champion yet"
    data = found.tags[TRAINED_ON]
    lines = [f"Version {found.version} of {found.name}, trained on data up to {data}; {rival}."]
    if (trial := trial_of(lake, found.version)) is not None:
        lines.append(f"* Tried on users: {trial}")
    if page := review_page_address(settings, found):
        lines.append(f"* [Review page]({page})")
    elif path:
        lines.append(
            f"* Review page: `{path}` in the artifacts of its run, and in the report folder of the shop"
        )
    if version := version_page(settings, found):
        lines.append(f"* [Model version in MLflow]({version})")
    return "\n".join(lines)


JOB = Question(name="need_approval", ask=approval_needed)

if __name__ == "__main__":
    sys.exit(main(JOB))
