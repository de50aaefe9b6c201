"""What a reader writes who finds something wrong."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from app.core.forms.choices import offered
from campaigns.notices.corrections.models import OF_PERSON, SUBJECT_LABELS, Subject
from campaigns.notices.corrections.services import Proposal
from campaigns.notices.queries import Notice, Way


class CorrectForm(FlaskForm):  # type: ignore[misc]
    subject = RadioField(_l("What is wrong?"), [InputRequired()], coerce=Subject)
    employer_id = SelectField(_l("At which employer?"), [InputRequired()], coerce=int)
    wanted = StringField(_l("What is right?"), [InputRequired(), Length(max=255)])
    since = DateField(_l("Since when? (optional)"), [Optional()])
    remark = StringField(_l("What should we know? (optional)"), [Optional(), Length(max=200)])

    def offer(self, notice: Notice, way: Way) -> "CorrectForm":
        """What this notice's reader may correct: data of the person only who proved the person's number."""
        own = notice.contact is not None and way is Way.MOBILE
        known = {s: label for s, label in SUBJECT_LABELS.items() if own or s not in OF_PERSON}
        self.subject.choices = offered({one.value: label for one, label in known.items()})
        self.employer_id.choices = offered([(one.employer_id, one.name) for one in notice.about])
        if self.employer_id.data is None:
            self.employer_id.data = notice.about[0].employer_id
        return self

    @property
    def proposal(self) -> Proposal:
        """What was written."""
        return Proposal(
            self.subject.data,
            self.wanted.data or "",
            self.employer_id.data,
            self.since.data,
            self.remark.data or "",
        )
