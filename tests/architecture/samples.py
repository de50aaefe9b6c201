"""For every id that stands in an address: how to make a record of a given branch.

The key is the argument's name, or (endpoint, argument) where the same name means another thing. A new
endpoint with an id fails the test of permissions until its builder stands here.
"""

from collections.abc import Callable

from app.accounts.models import Branch
from tests.factories import create_branch, create_employer, create_user

Build = Callable[[Branch], object]


def _user(branch: Branch) -> int:
    return create_user(branch=branch).id


def _branch(branch: Branch) -> int:
    return create_branch(parent=branch).id if branch.parent_id else branch.id


def _employer(branch: Branch) -> int:
    return create_employer(branch).id


def _event(_branch: Branch) -> int:
    return 1


BUILDERS: dict[str | tuple[str, str], Build] = {
    "user_id": _user,
    "branch_id": _branch,
    "employer_id": _employer,
    "event_id": _event,
    # the pages of every workflow's steps
    ("workflow.ask", "workflow"): lambda _: "lifecycle",
    ("workflow.ask", "record_id"): _employer,
    ("workflow.ask", "name"): lambda _: "engage",
    ("workflow.move", "workflow"): lambda _: "lifecycle",
    ("workflow.move", "record_id"): _employer,
    ("workflow.move", "name"): lambda _: "engage",
}

#: Arguments that name no record of a branch.
ANYONES: frozenset[str | tuple[str, str]] = frozenset(
    {
        "event_id",  # the trail belongs to the whole department
        "filename",
        ("workflow.ask", "workflow"),
        ("workflow.ask", "name"),
        ("workflow.move", "workflow"),
        ("workflow.move", "name"),
    }
)
