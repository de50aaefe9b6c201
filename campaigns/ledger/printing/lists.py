"""The list of print batches, and the lines of one."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import Select
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from app.accounts.lists import branch_field
from app.core.criteria.trees import Field, Kind, rule
from app.core.links import url_if
from app.core.listing.page import BulkAction, Column, Empty, ListPage, Quick
from app.core.listing.parts import Badge
from app.core.permissions import Actor
from app.employers.models import Employer
from campaigns.channels.letter.issued.models import Letter, LetterState
from campaigns.channels.letter.issued.policy import Permission
from campaigns.channels.letter.issued.workflow import LETTER
from campaigns.channels.letter.policy import Permission as Outline
from campaigns.drafting.models import Campaign
from campaigns.ledger.printing import queries
from campaigns.ledger.printing.models import PrintBatch, PrintLine, PrintState
from campaigns.ledger.printing.services import spoil
from campaigns.ledger.printing.workflow import PRINT_BATCH


def _state(batch: PrintBatch) -> Badge:
    state = PRINT_BATCH.state_of(batch)
    return state.label, state.tone


BATCHES = ListPage(
    name="print_batches",
    endpoint="printing.index",
    title=_l("Print batches"),
    lead=_l("Letters that go to the print room together, counted out and in."),
    select=queries.listed,
    key=PrintBatch.id,
    default_sort="-order",
    columns=(
        Column(
            "campaign",
            _l("Campaign"),
            lambda b: b.campaign.name,
            sort=Campaign.name,
            link=lambda b: url_if("printing.show", id=b.id),
        ),
        Column("number", _l("Print batch"), sort=PrintBatch.number, number=True),
        Column("state", _l("State"), badge=_state, sort=PrintBatch.state),
        Column("lines", _l("Letters"), sort=PrintBatch.lines, number=True, falling=True),
        Column("count_out", _l("Letters counted out"), sort=PrintBatch.count_out, number=True),
        Column("count_in", _l("Letters counted in"), sort=PrintBatch.count_in, number=True),
        Column("handed_on", _l("Handed over on"), sort=PrintBatch.handed_on, falling=True),
        Column("returned_on", _l("Came back on"), sort=PrintBatch.returned_on, falling=True),
        Column("order", _l("Order"), lambda b: b.id, sort=PrintBatch.id, shown=False, falling=True),
    ),
    fields=(
        Field("state", _l("State"), Kind.CHOICE, PrintBatch.state, choices=PRINT_BATCH.choices),
        Field("campaign", _l("Campaign"), Kind.TEXT, Campaign.name),
        Field("handed_on", _l("Handed over on"), Kind.DATE, PrintBatch.handed_on),
        branch_field("branch", _l("Branch"), PrintBatch.branch_id),
    ),
    quick=(
        Quick("ready", _l("Ready to print"), (rule("state", "in", [PrintState.READY.value]),)),
        Quick("out", _l("At the print room"), (rule("state", "in", [PrintState.OUT.value]),)),
    ),
    search=lambda words: Campaign.name.contains(words, autoescape=True),
    search_hint=_l("Name of the campaign"),
    empty=Empty(
        _l("No print batch yet"), _l("A campaign by letter makes them once it was launched."), icon="printer"
    ),
    export_permission=Outline.VIEW,
)


def _lines(_actor: Actor | None, batch: PrintBatch) -> Select[PrintLine]:
    """The batch handed in was found in the actor's reach."""
    return queries.lines(batch.id)


def _line_state(line: PrintLine) -> Badge:
    if line.spoilt_at is not None:
        return _l("Spoilt"), "danger"
    state = LETTER.state_of(line.letter)
    return state.label, state.tone


class SpoiltForm(FlaskForm):  # type: ignore[misc]
    reason = StringField(_l("What is wrong with the letter"), [InputRequired(), Length(max=200)])


def _spoil(line: PrintLine, actor: Actor, form: FlaskForm) -> None:
    spoil(line, form["reason"].data or "", actor)


LINES = ListPage(
    name="print_lines",
    title=_l("Lines of the batch"),
    select=_lines,
    key=PrintLine.id,
    default_sort="number",
    columns=(
        Column("number", _l("Line"), sort=PrintLine.number, number=True),
        Column(
            "letter",
            _l("Number of the letter"),
            lambda line: line.letter.number,
            sort=Letter.serial,
            link=lambda line: url_if("letters.show", id=line.letter_id),
        ),
        Column(
            "employer",
            _l("Employer"),
            lambda line: line.letter.employer.name,
            sort=Employer.name,
            link=lambda line: url_if("employers.show", employer_id=line.letter.employer_id),
        ),
        Column("state", _l("State"), badge=_line_state, sort=Letter.state),
        Column("address", _l("Address"), lambda line: line.letter.address, sort=Letter.address),
        Column(
            "tracking_no", _l("Tracking number"), lambda line: line.letter.tracking_no,
            sort=Letter.tracking_no,
        ),
        Column("page", _l("Page"), sort=PrintLine.page, number=True, shown=False),
        Column("reason", _l("Reason"), sort=PrintLine.reason),
    ),
    fields=(
        Field("state", _l("State"), Kind.CHOICE, Letter.state, choices=LETTER.choices),
        Field("number", _l("Line"), Kind.NUMBER, PrintLine.number),
        Field("serial", _l("Serial number"), Kind.NUMBER, Letter.serial),
        Field("employer", _l("Employer"), Kind.TEXT, Employer.name),
        Field("spoilt", _l("Spoilt"), Kind.MOMENT, PrintLine.spoilt_at),
    ),
    quick=(
        Quick("to_post", _l("To be posted"), (rule("state", "in", [LetterState.ISSUED.value]),)),
        Quick("spoilt", _l("Spoilt"), (rule("spoilt", "not_empty"),)),
    ),
    bulk=(
        BulkAction(
            "spoil", _l("Spoilt: void and make anew"), Permission.ISSUE, act=_spoil, form=SpoiltForm,
            icon="printer", tone="danger",
        ),
    ),
    export_permission=Outline.VIEW,
    template="campaigns/printing/list.html",
)  # fmt: skip
