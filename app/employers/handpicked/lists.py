"""The field that asks who belongs to a segment, and the actions that change it."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field as FormField
from wtforms import SelectField, StringField
from wtforms.validators import Length, ValidationError

from app.core.criteria.segments import LONGEST_NAME, Segment
from app.core.criteria.trees import Field, Kind
from app.core.errors import DomainError
from app.core.forms.choices import offered
from app.core.links import url_if
from app.core.listing.parts import BulkAction
from app.core.permissions import Actor, current_actor
from app.employers.handpicked.queries import belongs, choices, own_segments
from app.employers.handpicked.services import FIELD, add, find_own, get_own, include, make, remove
from app.employers.models import Employer
from app.employers.policy import Permission

NEW = 0


class AddForm(FlaskForm):  # type: ignore[misc]
    segment_id = SelectField(_l("Segment"), coerce=int)
    name = StringField(_l("Name of a new segment"), validators=[Length(max=LONGEST_NAME)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = [(segment.id, segment.name) for segment in own_segments(current_actor())]
        self.segment_id.choices = offered([(NEW, _("A new one, named below")), *own])

    def validate_name(self, field: FormField) -> None:
        if self.segment_id.data != NEW:
            return
        if not (field.data or "").strip():
            raise ValidationError(_("Give the new segment a name."))
        try:
            find_own(field.data, current_actor())
        except DomainError as error:
            raise ValidationError(str(error)) from None


class RemoveForm(FlaskForm):  # type: ignore[misc]
    segment_id = SelectField(_l("Segment"), coerce=int)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = [(segment.id, segment.name) for segment in own_segments(current_actor())]
        self.segment_id.choices = offered(own)


FIELDS = (Field(FIELD, _l("Segment chosen by hand"), Kind.MEMBER, belongs, choices, group=_l("Care")),)


def _chosen(form: FlaskForm, actor: Actor) -> Segment:
    if form.segment_id.data == NEW:
        return make(form.name.data or "", actor)
    return get_own(form.segment_id.data, actor)


def _add(employer: Employer, actor: Actor, form: FlaskForm) -> None:
    add(_chosen(form, actor), employer, actor)


def include_chosen(employer: Employer, actor: Actor, form: FlaskForm) -> None:
    """For an action that goes on with the segment: whoever belongs to it already is no obstacle."""
    include(_chosen(form, actor), employer, actor)


def _remove(employer: Employer, actor: Actor, form: FlaskForm) -> None:
    remove(get_own(form.segment_id.data, actor), employer)


def filled(answers: Mapping[str, Any], actor: Actor) -> Segment | None:
    """The segment that an action with these answers added to."""
    number = int((answers.get("segment_id") or ["0"])[0])
    return get_own(number, actor) if number != NEW else find_own((answers.get("name") or [""])[0], actor)


def _open(answers: Mapping[str, Any], actor: Actor) -> tuple[Any, str] | None:
    segment = filled(answers, actor)
    url = url_if("employers.index", view=segment.id) if segment else None
    return (_l("Open the segment"), url) if url else None


ADD = BulkAction(
    "add_to_segment",
    _l("Add to a segment"),
    Permission.VIEW,
    act=_add,
    form=AddForm,
    icon="bookmark-plus",
    tone="secondary",
    undoable=True,
    next_step=_open,
)
REMOVE = BulkAction(
    "remove_from_segment",
    _l("Remove from a segment"),
    Permission.VIEW,
    act=_remove,
    form=RemoveForm,
    icon="bookmark-dash",
    tone="secondary",
    undoable=True,
)
