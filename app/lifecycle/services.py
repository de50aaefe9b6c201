"""What happens to stages when an import is taken back."""

from collections.abc import Mapping, Sequence

from sqlalchemy import delete

from app.core.db import db
from app.core.importing.spec import Context
from app.core.workflow.engine import WorkflowHistory
from app.core.workflow.sets import note_restored, set_back
from app.employers.models import Employer
from app.employers.search.services import reindex
from app.employers.sources.services import tell_restored
from app.lifecycle.closing.helping.services import HELP
from app.lifecycle.workflow import LIFECYCLE
from app.tasks.models import DEADLINE, Task

#: what the house itself hung on an imported employer; anything a person added keeps it from being removed
GOES_WITH_EMPLOYERS = {
    "employer_search": None,
    "leads": None,
    "tasks": Task.kind.in_((DEADLINE, HELP)) & Task.closed_by_id.is_(None),
}


def removing_employers(table: str, ids: Sequence[int], _context: Context) -> None:
    """Clears the history of employers that are about to go with the import that brought them."""
    if table == Employer.__tablename__:
        db.session.execute(
            delete(WorkflowHistory).where(
                WorkflowHistory.workflow == LIFECYCLE.name, WorkflowHistory.record_id.in_(ids)
            ),
            execution_options={"synchronize_session": False},
        )


def reverted_employers(restored: Mapping[str, Sequence[int]], context: Context) -> None:
    """Writes down the stages that the undo set back, and brings the search up to date."""
    ids = list(restored.get(Employer.__tablename__, ()))
    note_restored(LIFECYCLE, set_back(LIFECYCLE, ids), comment="import undone")
    tell_restored(ids, context)
    reindex(ids)
