"""Who registers changes, within which time, and which papers they take."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select

from app.core.options import Option
from app.core.permissions import Actor, Grantable
from app.employers.models import Employer
from app.employers.policy import visible_to as employers_visible_to
from app.lifecycle.changing.models import ChangeKind, RegisteredChange
from app.lifecycle.papers.policy import Papers

#: the article of which the term is taken; of a mere change of particulars the local rules say the same
BASIS = "change_or_deregister"
CHANGE_DAYS = Option(
    "lifecycle.change_days", _l("Changes of particulars are registered within"), 30, 1, 180, _l("days"),
    _l("Counted from the day of the change, after Article 14 of the Regulation and GB/T 51271, 5.5."),
)  # fmt: skip
OPTIONS = (CHANGE_DAYS,)

#: everybody hands in what stands under the first heading, and then what the kind takes
PAPERS = Papers("change_document")
EVERYBODY = "1"
_HEADING = {
    ChangeKind.NAME: "201",
    ChangeKind.ADDRESS: "202",
    ChangeKind.LEGAL_REP: "203",
    ChangeKind.BANK: "204",
}


class Permission(Grantable):
    VIEW = "changing:view", _l("See changes of employers' particulars that are to be registered")
    WORK = "changing:work", _l("Note and register changes of employers' particulars")
    UNDO = "changing:undo", _l("Take back changes that were registered wrongly")


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The changes of employers in the actor's reach."""
    return RegisteredChange.employer_id.in_(select(Employer.id).where(employers_visible_to(actor)))


def headings_for(kind: ChangeKind) -> tuple[str, str]:
    return EVERYBODY, _HEADING[kind]


def papers_for(kind: ChangeKind) -> list[str]:
    """The codes of the papers that a change of the kind takes."""
    return PAPERS.asked(headings_for(kind))
