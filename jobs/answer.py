"""Carry out what a person answered in Airflow.

The answer comes in the environment (CAUSALREC_ANSWER, CAUSALREC_ANSWER_BY, CAUSALREC_ANSWER_WHY), so that no
word of it is ever a part of a command line.
"""

import os
import sys

from causalrec.errors import SettingsError
from causalrec.lake.outcome import Outcome
from causalrec.registry.decisions import Answer, Person, decide_by_hand
from causalrec.registry.versions import version_of
from jobs._runner import Job, JobContext, main

ANSWERS: dict[str, Answer] = {"Approve": "approve", "Reject": "reject", "Decide later": "leave"}
NOBODY = "nobody in time"


def answered() -> tuple[Answer, Person]:
    """The answer in the environment.

    Raises:
        SettingsError: there is none.
    """
    said = os.environ.get("CAUSALREC_ANSWER", "")
    if said not in ANSWERS:
        raise SettingsError(f"CAUSALREC_ANSWER is {said!r}", do=f"set it to one of {', '.join(ANSWERS)}")
    who, why = (os.environ.get(f"CAUSALREC_ANSWER_{part}", "") for part in ("BY", "WHY"))
    return ANSWERS[said], Person(who or NOBODY, why)


def _inputs(job: JobContext) -> dict[str, str]:
    answer, person = answered()
    challenger = version_of(job.settings, "challenger")
    return {"challenger": challenger, "answer": answer, "who": person.who, "why": person.why}


def _work(job: JobContext) -> Outcome:
    answer, person = answered()
    found = decide_by_hand(job.settings, job.lake, answer, person)
    return Outcome(
        rows_in=1, rows_out=1, writes=(found.written,),
        note=f"version {found.version} {found.word} by {person.who}; champion {found.champion or 'none'}",
    )  # fmt: skip


JOB = Job(name="answer", inputs=_inputs, work=_work)

if __name__ == "__main__":
    sys.exit(main(JOB))
