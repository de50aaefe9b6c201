"""What people enter about names, kinship, files and verifications."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from app.core.clock import today
from app.core.forms.choices import offered
from app.core.language.text import clean, mask_phone
from app.employers.forms import not_in_the_future
from app.employers.identity.models import (
    OBJECT_LABELS,
    RESULT_LABELS,
    SUBJECT_LABELS,
    WAY_LABELS,
    IdentityFile,
    RelationKind,
    VerificationResult,
    VerifiedBy,
)
from app.employers.identity.services import Inquiry, Term
from app.employers.models import Employer, EmployerContact, FormerName

PROOF = _l("Proof")
PROOF_HELP = _l("The document with its number and date, such as a notice of approved change.")
FROM_SUBJECT, FROM_OBJECT = "subject", "object"


def _text(label: Any, limit: int, *validators: Any, help_text: Any = "") -> StringField:
    return StringField(
        label,
        filters=[lambda text: clean(text or "")],
        validators=[*validators, Length(max=limit)],
        description=help_text,
    )


class TermForm(FlaskForm):  # type: ignore[misc]
    since = DateField(_l("Since"), validators=[Optional(), not_in_the_future])
    until = DateField(_l("Last day"), validators=[Optional(), not_in_the_future])
    proof = _text(PROOF, 255, help_text=PROOF_HELP)

    @property
    def term(self) -> Term:
        return Term(self.since.data, self.until.data, self.proof.data or "")


class RelationForm(TermForm):
    """`what` says the kind and from which side: "subject:parent", "object:parent"."""

    what = SelectField(_l("The employer"), validators=[InputRequired()])

    def offer(self) -> None:
        self.what.choices = offered(
            (f"{side}:{kind.value}", labels[kind])
            for kind in RelationKind
            for side, labels in ((FROM_SUBJECT, SUBJECT_LABELS), (FROM_OBJECT, OBJECT_LABELS))
        )

    @property
    def kind(self) -> RelationKind:
        return RelationKind(str(self.what.data).partition(":")[2])

    def sides(self, employer: Employer, other: Employer) -> tuple[Employer, Employer]:
        """Subject and object, as the form says."""
        forward = str(self.what.data).startswith(FROM_SUBJECT)
        return (employer, other) if forward else (other, employer)


class EndForm(FlaskForm):  # type: ignore[misc]
    until = DateField(_l("Last day"), default=today, validators=[InputRequired(), not_in_the_future])


class NameForm(TermForm):
    name = _text(_l("Former name"), 255, InputRequired(), Length(2))

    def prefill(self, former: FormerName) -> None:
        self.name.data, self.since.data = former.name, former.since
        self.until.data, self.proof.data = former.until, former.proof


def _present(employer: Employer) -> Sequence[EmployerContact]:
    return [link for link in employer.contacts if link.until is None]


def _people(employer: Employer) -> list[tuple[int, str]]:
    found = {link.contact_id: link.contact for link in _present(employer)}
    return [(id_, f"{one.name} {mask_phone(one.mobile or one.landline)}") for id_, one in found.items()]


class FileForm(FlaskForm):  # type: ignore[misc]
    contact_id = SelectField(_l("Who answers for the employer"), coerce=int, validators=[InputRequired()])
    materials = _text(
        _l("Documents on file"), 500,
        help_text=_l("What was deposited and scanned, such as the notice of change and the licence."),
    )  # fmt: skip

    def offer(self, employer: Employer, latest: IdentityFile | None) -> None:
        self.contact_id.choices = offered(_people(employer))
        if latest is not None and not self.is_submitted():
            self.contact_id.data, self.materials.data = latest.contact_id, latest.materials


class VerificationForm(FlaskForm):  # type: ignore[misc]
    person = _text(_l("Whom it is about"), 60, InputRequired())
    question = _text(
        _l("What was verified"), 255, InputRequired(),
        help_text=_l("Such as: employed there since March 2019, before the renaming."),
    )  # fmt: skip
    way = SelectField(_l("How"), choices=offered(WAY_LABELS), coerce=VerifiedBy)
    contact_id = SelectField(_l("Who answered"), coerce=int)
    answered_by = _text(_l("Somebody else"), 120)
    result = SelectField(_l("Result"), choices=offered(RESULT_LABELS), coerce=VerificationResult)
    materials = _text(_l("Documents filed"), 255)

    def offer(self, employer: Employer, latest: IdentityFile | None) -> None:
        self.contact_id.choices = offered([(0, "—"), *_people(employer)])
        if latest is not None and not self.is_submitted():
            self.contact_id.data = latest.contact_id

    @property
    def inquiry(self) -> Inquiry:
        return Inquiry(
            person=self.person.data or "",
            question=self.question.data or "",
            way=self.way.data,
            result=self.result.data,
            contact_id=self.contact_id.data or None,
            answered_by=self.answered_by.data or "",
            materials=self.materials.data or "",
        )


class ResultForm(FlaskForm):  # type: ignore[misc]
    result = SelectField(
        _l("Result"),
        choices=offered(one for one in RESULT_LABELS.items() if one[0] is not VerificationResult.PENDING),
        coerce=VerificationResult,
    )
