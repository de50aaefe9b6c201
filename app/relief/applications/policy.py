"""Whose applications one sees; what relief comes to; and what an application still lacks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select

from app.core.clock import today
from app.core.permissions import Actor
from app.employers.models import Employer
from app.employers.policy import visible_to as employer_visible_to
from app.relief.applications.models import DOCUMENTS, ReliefApplication
from app.relief.policy import Reason

WHOLE = 10_000


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The applications of employers in the actor's reach."""
    return ReliefApplication.employer_id.in_(select(Employer.id).where(employer_visible_to(actor)))


def missing_documents(documents: Sequence[Any]) -> list[Reason]:
    """A reason for each paper that is not there yet."""
    return [_l("Missing: %(paper)s.", paper=DOCUMENTS[code]) for code in DOCUMENTS if code not in documents]


@dataclass(frozen=True)
class VoteRule:
    """Shares of all members in ten-thousandths, and days."""

    quorum: int
    majority: int
    announced: int


def objections_to_vote(application: ReliefApplication, rule: VoteRule) -> list[Reason]:
    """Every reason why the employees' vote does not carry the application."""
    counts = (application.members, application.attended, application.votes_for, application.votes_against)
    if application.vote_body is None or application.voted_on is None or None in counts:
        return [_l("The vote is not recorded: who voted, when, members, attendance, for and against.")]
    members, attended, for_, against = (number or 0 for number in counts)
    return [
        *_objections_to_count(members, attended, for_, against, rule),
        *_objections_to_days(application, rule),
    ]


def _objections_to_count(
    members: int, attended: int, for_: int, against: int, rule: VoteRule
) -> list[Reason]:
    found: list[Reason] = []
    if attended > members:
        found.append(_l("More attended than there are members."))
    if for_ + against > attended:
        found.append(_l("More votes were cast than members attended."))
    if share(attended, members) < rule.quorum:
        found.append(
            _l(
                "Only %(attended)s of %(members)s attended: the vote does not stand.",
                attended=attended,
                members=members,
            )
        )
    if share(for_, members) <= rule.majority:
        found.append(_l("Only %(votes)s of %(members)s voted for it.", votes=for_, members=members))
    return found


def share(part: int, whole: int) -> int:
    """Ten-thousandths, rounded half up, so that two of three are 6667; 0 of nothing."""
    return (part * WHOLE * 2 + whole) // (whole * 2) if whole else 0


def _objections_to_days(application: ReliefApplication, rule: VoteRule) -> list[Reason]:
    voted, first, last = application.voted_on, application.announced_from, application.announced_to
    if first is None or last is None:
        return [_l("Say from when to when the vote was announced inside the employer.")]
    found: list[Reason] = []
    if voted is not None and first < voted:
        found.append(_l("The vote was announced before it was taken."))
    if (last - first).days + 1 < rule.announced:
        found.append(_l("The vote is announced for at least %(days)s days.", days=rule.announced))
    if last > today():
        found.append(_l("The announcement is not over yet: it lasts until %(day)s.", day=str(last)))
    return found
