"""Human approval: a version that passed the gate waits until somebody answers, or time is up.

``need_approval`` skips the rest if nothing is waiting. Its last line says which version it is and where to
look at it; question and answer refer to that version, whatever is trained meanwhile. The answer reaches the
job ``answer`` in its environment, never in its command line. Without an answer in time, the champion stays,
and the version can still be promoted by hand.
"""

import json
import os
from datetime import timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param

from causalrec.pipeline import STAGES
from causalrec_dags.commands import YESTERDAY, stage_task
from causalrec_dags.notify import notices

APPROVE, REJECT, TRY, LATER = "Approve", "Reject", "Try it", "Decide later"
ASKED = "ti.xcom_pull(task_ids='need_approval')"
QUESTION = f"""{{{{ {ASKED}['text'] }}}}

*Approve*: it scores from the next run.
*Reject*: give a reason below; the champion stays.
*Try it*: the experiment in the settings shows it to some users first; you are asked again.
*Decide later*, or no answer in time: the champion stays too."""
ANSWER = "ti.xcom_pull(task_ids='approval')"
# null is allowed too: Airflow's form keeps its buttons disabled while a plain string is empty
REASON = Param(None, type=["null", "string"], maxLength=2_000, description="kept in the history")


def approval_tasks() -> tuple[BashOperator, HITLOperator, BashOperator]:
    """need_approval, approval and answer, not yet in order."""
    hours = float(os.environ.get("CAUSALREC_APPROVAL_HOURS", "48"))
    asked = stage_task(STAGES["need_approval"], date=YESTERDAY, last_line=json.loads)
    approval = HITLOperator(
        task_id="approval",
        subject="Should the new model go live?",
        body=QUESTION,
        options=[APPROVE, REJECT, TRY, LATER],
        defaults=LATER,
        params={"reason": REASON},
        notifiers=notices("waiting"),
        response_timeout=timedelta(hours=hours),
    )
    answer = stage_task(
        STAGES["answer"],
        date=YESTERDAY,
        environment={
            "CAUSALREC_ANSWER": f"{{{{ {ANSWER}['chosen_options'][0] }}}}",
            "CAUSALREC_ANSWER_VERSION": f"{{{{ {ASKED}['version'] }}}}",
            "CAUSALREC_ANSWER_BY": f"{{{{ ({ANSWER}['responded_by_user'] or {{}}).get('name', '') }}}}",
            "CAUSALREC_ANSWER_WHY": f"{{{{ {ANSWER}['params_input'].get('reason') or '' }}}}",
        },
    )
    return asked, approval, answer
