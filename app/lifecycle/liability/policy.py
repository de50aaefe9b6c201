"""Who records liabilities, and whose are seen."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import aliased

from app.core.permissions import Actor, Grantable
from app.employers.models import Employer
from app.employers.policy import visible_to as employers_visible_to
from app.lifecycle.liability.models import Liability

_debtor, _successor = aliased(Employer), aliased(Employer)


class Permission(Grantable):
    VIEW = "liability:view", _l("See who answers for unpaid months after a merger or division")
    EDIT = "liability:edit", _l("Record who answers for unpaid months after a merger or division")


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """Those of which both employers are in reach, as with kinship."""
    return Liability.debtor_id.in_(
        select(_debtor.id).where(employers_visible_to(actor, _debtor))
    ) & Liability.successor_id.in_(select(_successor.id).where(employers_visible_to(actor, _successor)))
