"""The register of document numbers: every letter that was issued, the void ones too."""

from collections.abc import Callable, Mapping

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm

from app.accounts.lists import branch_field
from app.core.criteria.trees import Field, Kind, rule
from app.core.language.i18n import translated
from app.core.links import url_if
from app.core.listing.page import BulkAction, Column, Empty, Link, ListPage, Quick
from app.core.listing.parts import Badge
from app.core.permissions import Actor
from app.core.workflow.engine import transition
from app.core.workflow.views import form_for
from app.employers.models import Employer
from campaigns.channels.letter.issued import queries
from campaigns.channels.letter.issued.models import RETURN_LABELS, Letter, LetterState, ReturnReason
from campaigns.channels.letter.issued.policy import Permission as Follow
from campaigns.channels.letter.issued.workflow import LETTER
from campaigns.channels.letter.policy import Permission


def _state(letter: Letter) -> Badge:
    state = LETTER.state_of(letter)
    return state.label, state.tone


def reason_of(letter: Letter) -> object:
    """Why it is void, was refused or came back."""
    return _worded(letter.reason) if letter.reason else None


def _worded(reason: str) -> object:
    return RETURN_LABELS[ReturnReason(reason)] if reason in set(ReturnReason) else translated(reason)


def told_of(answers: Mapping[str, str]) -> str:
    """What was noted with a step, in the reader's words: an earlier parcel's number and fate stay legible."""
    said = {**answers, "reason": _worded(answers["reason"])} if "reason" in answers else answers
    return " · ".join(str(one) for one in said.values())


def _taking(step: str) -> Callable[[Letter, Actor, FlaskForm], None]:
    """The step for one letter after the other; what its workflow refuses costs only its row."""

    def act(letter: Letter, actor: Actor, form: FlaskForm) -> None:
        answers = {ask.name: form[ask.name].data for ask in LETTER.named(step).asks}
        transition(LETTER, letter, step, actor, comment=form["comment"].data or "", answers=answers)

    return act


OUTCOMES = tuple(
    BulkAction(
        step,
        LETTER.named(step).label,
        Follow.FOLLOW,
        act=_taking(step),
        form=form_for(LETTER, step),
        icon=icon,
    )
    for step, icon in (
        ("deliver", "check2-all"),
        ("refuse", "hand-thumbs-down"),
        ("return", "arrow-return-left"),
    )
)

REGISTER = ListPage(
    name="letters",
    endpoint="letters.index",
    title=_l("Letters and document numbers"),
    lead=_l("Every number that was given, without gaps; void letters keep theirs, with the reason."),
    select=queries.register,
    key=Letter.id,
    default_sort="-order",
    columns=(
        Column(
            "number",
            _l("Number of the letter"),
            lambda x: x.number,
            link=lambda x: url_if("letters.show", id=x.id),
        ),
        Column("title", _l("Heading of the letter"), lambda x: x.data["title"]),
        Column(
            "employer",
            _l("Employer"),
            lambda x: x.employer.name,
            sort=Employer.name,
            link=lambda x: url_if("employers.show", employer_id=x.employer_id),
        ),
        Column("state", _l("State"), badge=_state, sort=Letter.state),
        Column("issued_on", _l("Issued on"), sort=Letter.issued_on, falling=True),
        Column("posted_on", _l("Posted on"), sort=Letter.posted_on, falling=True),
        Column("tracking_no", _l("Tracking number"), sort=Letter.tracking_no),
        Column("settled_on", _l("Settled on"), sort=Letter.settled_on, falling=True),
        Column("reason", _l("Reason"), reason_of),
        Column("serial", _l("Serial number"), sort=Letter.serial, number=True, shown=False),
        Column("order", _l("Order"), lambda x: x.id, sort=Letter.id, shown=False, falling=True),
    ),
    fields=(
        Field("state", _l("State"), Kind.CHOICE, Letter.state, choices=LETTER.choices),
        Field("prefix", _l("Prefix of document numbers"), Kind.TEXT, Letter.prefix),
        Field("year", _l("Year"), Kind.NUMBER, Letter.year),
        Field("serial", _l("Serial number"), Kind.NUMBER, Letter.serial),
        Field("issued_on", _l("Issued on"), Kind.DATE, Letter.issued_on),
        Field("employer", _l("Employer"), Kind.TEXT, Employer.name),
        Field("tracking_no", _l("Tracking number"), Kind.TEXT, Letter.tracking_no),
        branch_field("branch", _l("Branch"), Letter.branch_id),
    ),
    quick=(
        Quick("to_post", _l("To be posted"), (rule("state", "in", [LetterState.ISSUED.value]),)),
        Quick("under_way", _l("With the post"), (rule("state", "in", [LetterState.POSTED.value]),)),
        Quick("back", _l("Refused or returned"), (rule("state", "in", ["refused", "returned"]),)),
        Quick("void", _l("Void"), (rule("state", "in", [LetterState.VOID.value]),)),
    ),
    search=lambda words: Employer.name.contains(words, autoescape=True),
    search_hint=_l("Name of the employer"),
    empty=Empty(_l("No letter yet"), _l("Write one from an employer's page."), icon="envelope-paper"),
    links=(Link(_l("Proofs of service by scan"), "letter_post.scans", Follow.FOLLOW, "upload"),),
    bulk=OUTCOMES,
    export_permission=Permission.VIEW,
)
