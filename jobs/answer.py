"""Carry out what a person answered in Airflow about the version that they were asked about.

The answer comes in the environment (CAUSALREC_ANSWER, _VERSION, _BY, _WHY), so that no word of it is ever a
part of a command line.
"""

import os
import sys
from dataclasses import dataclass

from causalrec.errors import SettingsError
from causalrec.lake.outcome import Outcome
from causalrec.registry.promotion.decisions import Answer, Decider, answer_question
from causalrec.run import Run
from jobs._stage.runner import Job, main

ANSWERS: dict[str, Answer] = {
    "Approve": "approve", "Reject": "reject", "Try it": "try", "Decide later": "leave",
}  # fmt: skip
NOBODY = "no answer in time"


@dataclass(frozen=True)
class Said:
    """The answer, the version it concerns, and who gave it."""

    answer: Answer
    version: str
    person: Decider


def said() -> Said:
    """The answer in the environment.

    Raises:
        SettingsError: there is none, or it names no version.
    """
    word, version, who, why = (
        os.environ.get(f"CAUSALREC_ANSWER{part}", "") for part in ("", "_VERSION", "_BY", "_WHY")
    )
    if word not in ANSWERS:
        raise SettingsError(f"CAUSALREC_ANSWER is {word!r}", do=f"set it to one of {', '.join(ANSWERS)}")
    if not version.isdecimal():
        raise SettingsError(
            f"CAUSALREC_ANSWER_VERSION is {version!r}", do="set it to the version that was asked about"
        )
    return Said(ANSWERS[word], version, Decider(who or NOBODY, why))


def _inputs(run: Run) -> dict[str, str]:
    found = said()
    person = found.person
    return {"version": found.version, "answer": found.answer, "who": person.who, "why": person.why}


def _work(run: Run) -> Outcome:
    asked = said()
    found = answer_question(run.settings, run.lake, asked.answer, asked.person, asked.version)
    writes = () if found.written is None else (found.written,)
    note = f"version {found.version} {found.word} by {asked.person.who}; champion {found.champion or 'none'}"
    return Outcome(rows_in=1, rows_out=len(writes), writes=writes, note=note)


JOB = Job(
    name="answer",
    inputs=_inputs,
    work=_work,
)

if __name__ == "__main__":
    sys.exit(main(JOB))
