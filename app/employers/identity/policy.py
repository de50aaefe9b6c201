"""Who reads and keeps the register of renamed and related employers."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import aliased

from app.core.permissions import Actor, Grantable
from app.employers.identity.models import EmployerRelation, Verification
from app.employers.models import Employer, FormerName
from app.employers.policy import visible_to


class Permission(Grantable):
    VIEW = "identity:view", _l("See the register of renamed and related employers")
    EDIT = "identity:edit", _l("Keep the register of renamed and related employers")
    VERIFY = "identity:verify", _l("Verify facts with an employer and log it")


#: Made once: an alias of so wide a table takes milliseconds to make.
_subject, _object = aliased(Employer), aliased(Employer)


def relation_visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """Relations of which both employers are in reach: a stranger is not named by its kinship either."""
    return EmployerRelation.subject_id.in_(
        select(_subject.id).where(visible_to(actor, _subject))
    ) & EmployerRelation.object_id.in_(select(_object.id).where(visible_to(actor, _object)))


def name_visible_to(actor: Actor | None) -> ColumnElement[bool]:
    return FormerName.employer_id.in_(select(Employer.id).where(visible_to(actor)))


def verification_visible_to(actor: Actor | None) -> ColumnElement[bool]:
    return Verification.employer_id.in_(select(Employer.id).where(visible_to(actor)))
