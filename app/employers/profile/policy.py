"""Who reads and writes what colleagues note about employers: the office, and no partner outside it."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select

from app.core.permissions import Actor, Grantable
from app.employers.models import Employer
from app.employers.policy import visible_to as employers_visible_to
from app.employers.profile.models import RiskFlag, ServiceNote

_SEE = _l("See the profile, service notes and risk flags of employers, and print their sheet")


class Permission(Grantable):
    VIEW = (
        "profile:view",
        _SEE,
    )
    WRITE = "profile:write", _l("Write service notes, raise and lower risk flags")


def notes_visible_to(actor: Actor | None) -> ColumnElement[bool]:
    return ServiceNote.employer_id.in_(select(Employer.id).where(employers_visible_to(actor)))


def flags_visible_to(actor: Actor | None) -> ColumnElement[bool]:
    return RiskFlag.employer_id.in_(select(Employer.id).where(employers_visible_to(actor)))
