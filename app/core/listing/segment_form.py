"""The form of a segment: its name, who sees it, and whether it is a tab."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from app.core.criteria.segments import LONGEST_NAME, SHARING_LABELS, Segment, Sharing
from app.core.forms.choices import offered


class SegmentForm(FlaskForm):  # type: ignore[misc]
    name = StringField(_l("Name"), validators=[InputRequired(), Length(max=LONGEST_NAME)])
    sharing = SelectField(_l("Who sees it"))
    pinned = BooleanField(_l("Show as a tab"))

    def offer(self, segment: Segment, may_publish: bool) -> None:
        """Fills the choices that the reader has, the present one included."""
        allowed = set(Sharing) if may_publish else {Sharing.PRIVATE, Sharing.BRANCH, segment.sharing}
        labels = ((one.value, label) for one, label in SHARING_LABELS.items() if one in allowed)
        self.sharing.choices = offered(labels)
