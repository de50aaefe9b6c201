"""The forms of recurring rules."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, HiddenField, IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.core.criteria import segments
from app.core.criteria.trees import EVERYTHING
from app.core.features import current_features
from app.core.forms.choices import offered
from app.core.permissions import Actor
from app.employers.lists import LIST
from campaigns.channels.letter.models import LetterVersion
from campaigns.channels.letter.text import LONGEST_VALUE
from campaigns.channels.sms.models import SmsVersion
from campaigns.drafting.content.models import declared
from campaigns.drafting.forms import CONTACT_ORDER_LABELS
from campaigns.drafting.letters.forms import asked
from campaigns.drafting.models import ContactOrder
from campaigns.drafting.policy import MOST_HELD_OUT
from campaigns.drafting.templates.queries import offered as templates
from campaigns.recurring.models import Rule, Trigger
from campaigns.recurring.policy import TRIGGERS
from campaigns.recurring.queries import festivals
from campaigns.recurring.services import Wish

#: what the days of a trigger are; one without needs none
DAYS = {
    Trigger.RELIEF_ENDING: _l("Days before the relief ends"),
    Trigger.NEW_HANDLER: _l("Days since the handler took up"),
    Trigger.BASE_WINDOW: _l("Days before the window closes (0: as soon as it opens)"),
    Trigger.FESTIVAL: _l("Days before the festival"),
}
_SMS_ONLY = ("verified_only", "send_hour", "spread_hours", "working_days_only")
_NUMBERS = ("days", "deadline_days", "frequency_days", "send_hour", "spread_hours", "most_recipients")


class RuleForm(FlaskForm):  # type: ignore[misc]
    by_post = False
    name = StringField(_l("Name of the rule"), [InputRequired(), Length(max=100)])
    trigger = SelectField(_l("When it is an employer's turn"), choices=offered(TRIGGERS), coerce=Trigger)
    days = IntegerField(_l("How many days"), [InputRequired(), NumberRange(0, 365)], default=60)
    festival = SelectField(_l("Festival"))
    segment_id = SelectField(_l("Only to those of a saved segment"), coerce=int)
    version = SelectField(_l("SMS template"), coerce=int)
    deadline_days = IntegerField(
        _l("Deadline, days after the run (0: none)"), [InputRequired(), NumberRange(0, 365)], default=14
    )
    contact_order = SelectField(
        _l("Whom to reach there"), choices=offered(CONTACT_ORDER_LABELS), coerce=ContactOrder
    )
    frequency_days = IntegerField(
        _l("Leave out whoever was written to within (days)"), [InputRequired(), NumberRange(0, 90)], default=7
    )
    hold_out = IntegerField(
        _l("Hold out by lot, to compare with (of a hundred)"),
        [Optional(), NumberRange(0, MOST_HELD_OUT)],
        default=0,
    )
    verified_only = BooleanField(_l("Only to mobile numbers that were confirmed"))
    send_hour = IntegerField(_l("Send from (o'clock)"), [InputRequired(), NumberRange(0, 23)], default=9)
    spread_hours = IntegerField(
        _l("Spread over (hours; 0: as fast as it goes)"), [InputRequired(), NumberRange(0, 12)], default=0
    )
    working_days_only = BooleanField(_l("On working days only"), default=True)
    most_recipients = IntegerField(
        _l("Launches by itself up to (recipients)"), [InputRequired(), NumberRange(1, 100_000)], default=200
    )

    @classmethod
    def of(
        cls, actor: Actor, day: date, rule: Rule | None = None, outline: LetterVersion | None = None
    ) -> "RuleForm":
        """With what this writer may choose, and a field for each value that a template asks for; with an
        `outline` the rule sends its letters."""
        versions: list[SmsVersion | LetterVersion] = [outline] if outline else _of_rules()
        if rule is not None and outline is None and rule.wording not in versions:
            versions.append(rule.wording)
        given = rule.template_values if rule else {}
        fields = {name: field for one in versions for name, field in _values(one, given).items()}
        base = LetterRuleForm if outline else cls
        form: RuleForm = type("RuleForm", (base,), fields)(obj=rule)
        for name in _SMS_ONLY if outline else ():
            del form[name]
        form.version.choices = offered([(one.id, f"{one.template.name} v{one.number}") for one in versions])
        named = [(segment.id, segment.name) for segment in segments.listed(LIST, actor)]
        if rule is not None and rule.segment_id and rule.segment_id not in dict(named):
            named.append((rule.segment_id, str(_l("The present one"))))
        form.segment_id.choices = offered([(0, _l("All whose turn it is")), *named])
        form.festival.choices = offered([("", "—"), *((name, name) for name in festivals(day))])
        if rule is not None and not form.is_submitted():
            form.version.data, form.segment_id.data = versions[0].id, rule.segment_id or 0
            if outline is None:
                form.version.data = rule.template_version_id
        return form

    def choose(self, trigger: str | None, version: int | None) -> None:
        """What was chosen so far decides which fields are asked for: before it is sent, by the address."""
        if not self.is_submitted():
            self.trigger.data = Trigger(trigger) if trigger in set(Trigger) else self.trigger.data
            self.version.data = version or self.version.data
        known = [number for number, _label, _chosen, _more in self.version.iter_choices()]
        if known and self.version.data not in known:
            self.version.data = known[0]
        self.trigger.data = self.trigger.data or Trigger.NEW_ARREARS
        self.days.label.text = DAYS.get(self.trigger.data, self.days.label.text)

    @property
    def asks_days(self) -> bool:
        return self.trigger.data in DAYS

    @property
    def asks_festival(self) -> bool:
        return self.trigger.data is Trigger.FESTIVAL

    @property
    def values_asked(self) -> list[Any]:
        """The fields of the chosen wording alone."""
        return [field for field in self if field.name.startswith(f"value:{self.version.data}:")]

    def wish(self, actor: Actor, rule: Rule | None = None) -> Wish:
        """What was filled in, with the criteria as the segment has them now. Raises NotFound."""
        chosen = self.segment_id.data or None
        if chosen is None:
            criteria = EVERYTHING
        elif rule is not None and rule.segment_id == chosen:
            criteria = rule.criteria
        else:
            criteria = segments.get(chosen, actor, LIST).tree
        names = [
            name for name in ("trigger", "contact_order", *_NUMBERS, "working_days_only") if name in self
        ]
        own = f"value:{self.version.data}:"
        values = {f.name.removeprefix(own): str(f.data or "") for f in self if f.name.startswith(own)}
        return Wish(
            name=(self.name.data or "").strip(),
            festival=self.festival.data or "",
            segment_id=chosen,
            criteria=criteria,
            template_version_id=None if self.by_post else self.version.data,
            letter_version_id=self.version.data if self.by_post else None,
            template_values={name: value for name, value in values.items() if value},
            verified_only="verified_only" in self and bool(self.verified_only.data),
            hold_out=self.hold_out.data or 0,
            **{name: self[name].data for name in names},
        )


class LetterRuleForm(RuleForm):
    """Letters have no hour, and need no mobile number."""

    by_post = True
    version = SelectField(_l("Outline of the letter"), coerce=int)
    contact_order = SelectField(
        _l("To whose attention"),
        choices=offered({ContactOrder.EMPLOYER: _l("The employer itself")} | CONTACT_ORDER_LABELS),
        coerce=ContactOrder,
    )


def _of_rules() -> list[SmsVersion | LetterVersion]:
    """The wordings that speak to employers; not those that a record is sent by, which know its values."""
    sent = current_features().sendables.values()
    known = {one.wording for one in sent} | {circle.wording for one in sent for circle in one.circles}
    return [one for one in templates() if one.template.code not in known]


def _values(version: SmsVersion | LetterVersion, given: Mapping[str, Any]) -> dict[str, StringField]:
    """A field for each value that nobody knows of the employers; the deadline follows from the run."""
    if isinstance(version, LetterVersion):
        return {
            f"value:{version.id}:{one.name}": StringField(
                one.label,
                [InputRequired() if one.required else Optional(), Length(max=LONGEST_VALUE)],
                default=given.get(one.name, ""),
            )
            for one in asked(version)
            if one.name != "deadline"
        }
    return {
        f"value:{version.id}:{one.name}": StringField(
            one.label,
            [Length(max=LONGEST_VALUE)],
            default=given.get(one.name) or one.default,
        )
        for one in declared(version).values()
        if not one.known
    }


class RuleApprovalForm(FlaskForm):  # type: ignore[misc]
    """`seen` is the seal of what the approver's page showed."""

    seen = HiddenField(validators=[InputRequired()])


class DayForm(FlaskForm):  # type: ignore[misc]
    name = StringField(_l("Festival"), [InputRequired(), Length(max=40)])
    day = DateField(_l("Day"), [InputRequired()])
