"""What is asked when a lead goes back, or somebody's capacity is set; and what may be done to many leads."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.core.listing.parts import BulkAction
from app.core.permissions import Actor
from app.employers.models import Employer
from app.leads.policy import Permission
from app.leads.pool.policy import MOST
from app.leads.pool.services import claim, give_back


class GiveBackForm(FlaskForm):  # type: ignore[misc]
    reason = StringField(_l("Why it goes back"), [InputRequired(), Length(max=200)])


class CapacityForm(FlaskForm):  # type: ignore[misc]
    capacity = IntegerField(
        _l("Leads at most"), [Optional(), NumberRange(0, MOST)],
        description=_l("Empty: the usual number of the department."),
    )  # fmt: skip


def _claim(employer: Employer, actor: Actor, _form: FlaskForm) -> None:
    claim(employer, actor)


def _give_back(employer: Employer, actor: Actor, form: Any) -> None:
    give_back(employer, form.reason.data, actor)


CLAIM = BulkAction(
    "claim", _l("Claim as leads"), Permission.CLAIM, act=_claim, icon="hand-index-thumb", undoable=True,
)  # fmt: skip
GIVE_BACK = BulkAction(
    "give_back", _l("Give leads back to the pool"), Permission.CLAIM, act=_give_back, form=GiveBackForm,
    icon="arrow-return-left", tone="secondary", undoable=True,
)  # fmt: skip
