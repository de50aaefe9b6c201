"""The deadlines that the synthetic employers' stages have set."""

from datetime import timedelta

from sqlalchemy import insert, select

from app.core.db import db
from app.core.demo import Demo
from app.core.features import current_features
from app.core.i18n import msgid_of
from app.core.workdays import calendar
from app.employers.models import Employer
from app.tasks.models import Task
from app.tasks.services import DEADLINE


def load(demo: Demo) -> None:
    """One open task for each employer in a stage with a deadline, due as the stage's clock says."""
    workflow = current_features().workflows["lifecycle"]
    working = calendar(demo.today.year, provisional=True)
    titles = {state.name: state.deadline for state in workflow.states if state.deadline}
    rows = []
    for employer in db.session.scalars(
        select(Employer).where(Employer.stage.in_(titles)).order_by(Employer.id)
    ):
        deadline = titles[employer.stage.value]
        entered = max(employer.stage_since.date(), demo.today - timedelta(days=20))
        rows.append(
            {
                "kind": DEADLINE,
                "title": msgid_of(deadline.title),
                "employer_id": employer.id,
                "branch_id": employer.branch_id,
                "owner_id": employer.owner_id,
                "due_on": working.add(entered, deadline.working_days),
                "source_type": workflow.name,
                "source_id": employer.id,
            }
        )
    db.session.execute(insert(Task), rows)
