"""The lists of reconciliation: a campaign's messages beside the bill, its letters beside the manifests, and
every line of the bills."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select

from app.accounts.lists import branch_field
from app.core.criteria.fields import Choice
from app.core.criteria.trees import Field, Kind, rule
from app.core.language.formats import masked_phone, money
from app.core.links import url_if
from app.core.listing.page import Column, Empty, Link, ListPage, Quick
from app.core.permissions import Actor
from app.employers.models import Employer
from campaigns.channels.letter.issued.models import Letter
from campaigns.drafting.models import Campaign
from campaigns.drafting.policy import Permission
from campaigns.ledger.models import Message, MessageState
from campaigns.ledger.printing.models import PrintBatch, PrintLine
from campaigns.ledger.workflow import LABELS, LETTER_LABELS
from campaigns.results.reconciling import queries
from campaigns.results.reconciling.models import BillLine
from campaigns.results.reconciling.policy import (
    DIFFERENCES,
    PRINT_DIFFERENCES,
    PRINTED,
    VERDICTS,
    Printed,
    Verdict,
)


def _words(labels: Mapping[MessageState, tuple[Any, str]]) -> tuple[Choice, ...]:
    return tuple((state.value, label) for state, (label, _tone) in labels.items())


HERE, MISSING = (_l("In the ledger"), "good"), (_l("Missing in the ledger"), "danger")


def _row(row: Any) -> str | None:
    """Where the row of the ledger is looked at."""
    return url_if("results.messages", id=row.Message.campaign_id, **{"row.eq": row.Message.id})


def _row_of_line(row: Any) -> str | None:
    """The same of a line of a bill; None where no message answers to it."""
    if row.campaign_id is None:
        return None
    return url_if("results.messages", id=row.campaign_id, **{"row.eq": row.BillLine.message_id})


def _bill(_actor: Actor | None, campaign: Campaign, verdict: str) -> Select[Any]:
    """The campaign handed in was found in the actor's reach."""
    wanted = {"all": (), "differences": DIFFERENCES}.get(verdict, (verdict,))
    return queries.bill_rows(campaign, [str(one) for one in wanted])


def _printed(_actor: Actor | None, campaign: Campaign, verdict: str) -> Select[Any]:
    wanted = {"all": (), "differences": PRINT_DIFFERENCES}.get(verdict, (verdict,))
    return queries.print_rows(campaign, [str(one) for one in wanted])


def _agrees(row: Any) -> tuple[Any, str]:
    return VERDICTS[Verdict(row.verdict)]


OF_BILL = ListPage(
    name="campaign_bill",
    title=_l("Ledger and bill, line by line"),
    select=_bill,
    key=Message.id,
    default_sort="row",
    columns=(
        Column(
            "row", _l("Row of the ledger"), lambda r: r.Message.id, sort=Message.id, number=True, link=_row
        ),
        Column("employer", _l("Employer"), sort=Employer.name),
        Column("phone", _l("Mobile"), lambda r: masked_phone(r.Message.phone)),
        Column("verdict", _l("Bill and ledger"), badge=_agrees),
        Column("state", _l("State"), badge=lambda r: LABELS[r.Message.state], sort=Message.state),
        Column(
            "segments", _l("Segments sent"), lambda r: r.Message.segments, sort=Message.segments, number=True
        ),
        Column("billed_segments", _l("Billed segments"), number=True),
        Column("amount", _l("Billed (yuan)"), lambda r: queries.yuan(r.amount), number=True),
        Column("lines", _l("Lines of the bill"), number=True, shown=False),
        Column("gateway", _l("Gateway"), lambda r: r.Message.gateway, sort=Message.gateway, shown=False),
        Column("gateway_id", _l("Number at the gateway"), lambda r: r.Message.gateway_id, shown=False),
        Column("public_id", _l("Own number"), lambda r: r.Message.public_id, shown=False),
    ),
    fields=(
        Field("employer", _l("Employer"), Kind.TEXT, Employer.name),
        Field("row", _l("Row of the ledger"), Kind.NUMBER, Message.id),
        Field("state", _l("State"), Kind.CHOICE, Message.state, choices=_words(LABELS)),
        Field("gateway", _l("Gateway"), Kind.CODE, Message.gateway),
    ),
    export_permission=Permission.VIEW,
    template="campaigns/drafting/list.html",
)

OF_PRINT = ListPage(
    name="campaign_print",
    title=_l("Ledger and print manifests, line by line"),
    select=_printed,
    key=Message.id,
    default_sort="row",
    columns=(
        Column(
            "row", _l("Row of the ledger"), lambda r: r.Message.id, sort=Message.id, number=True, link=_row
        ),
        Column("employer", _l("Employer"), sort=Employer.name),
        Column(
            "number",
            _l("Number of the letter"),
            sort=Letter.serial,
            link=lambda r: url_if("letters.show", id=r.letter_id) if r.letter_id else None,
        ),
        Column("verdict", _l("Manifest and ledger"), badge=lambda r: PRINTED[Printed(r.verdict)]),
        Column("state", _l("State"), badge=lambda r: LETTER_LABELS[r.Message.state], sort=Message.state),
        Column(
            "batch",
            _l("Print batch"),
            sort=PrintBatch.number,
            number=True,
            link=lambda r: url_if("printing.show", id=r.batch_id) if r.batch_id else None,
        ),
        Column("line", _l("Line"), sort=PrintLine.number, number=True),
    ),
    fields=(
        Field("employer", _l("Employer"), Kind.TEXT, Employer.name),
        Field("row", _l("Row of the ledger"), Kind.NUMBER, Message.id),
        Field("state", _l("State"), Kind.CHOICE, Message.state, choices=_words(LETTER_LABELS)),
        Field("batch", _l("Print batch"), Kind.NUMBER, PrintBatch.number),
    ),
    export_permission=Permission.VIEW,
    template="campaigns/drafting/list.html",
)

BILLS = ListPage(
    name="gateway_bill_lines",
    endpoint="reconciling.bills",
    title=_l("Lines of the gateway's bills"),
    lead=_l("What no message answers to is on the bill and missing in the ledger."),
    select=queries.lines,
    key=BillLine.id,
    default_sort="-period",
    columns=(
        Column(
            "message_key",
            _l("Number of the message"),
            lambda r: r.BillLine.message_key,
            sort=BillLine.message_key,
            link=_row_of_line,
        ),
        Column(
            "period", _l("Month of the bill"), lambda r: r.BillLine.period, sort=BillLine.period, falling=True
        ),
        Column("phone", _l("Mobile"), lambda r: r.BillLine.phone),
        Column(
            "account",
            _l("SMS account"),
            lambda r: r.BillLine.account,
            sort=BillLine.account,
            shown=False,
        ),
        Column(
            "here",
            _l("Beside the ledger"),
            badge=lambda r: HERE if r.BillLine.message_id else MISSING,
        ),
        Column(
            "campaign",
            _l("Campaign"),
            sort=Campaign.name,
            link=lambda r: url_if("reconciling.campaign", id=r.campaign_id) if r.campaign_id else None,
        ),
        Column(
            "segments",
            _l("Billed segments"),
            lambda r: r.BillLine.segments,
            sort=BillLine.segments,
            number=True,
        ),
        Column("sent_segments", _l("Segments sent"), number=True),
        Column(
            "price",
            _l("Price of a segment (yuan)"),
            lambda r: f"{r.BillLine.price.normalize():f}",
            number=True,
        ),
        Column(
            "amount",
            _l("Billed (yuan)"),
            lambda r: r.BillLine.price * r.BillLine.segments,
            number=True,
            format=money,
        ),
    ),
    fields=(
        Field("period", _l("Month of the bill"), Kind.PERIOD, BillLine.period),
        Field(
            "here",
            _l("The ledger knows the message"),
            Kind.BOOL,
            BillLine.message_id.is_not(None),
            denied=_l("Missing in the ledger"),
        ),
        Field(
            "segments_differ",
            _l("Other number of segments"),
            Kind.BOOL,
            BillLine.segments != Message.segments,
        ),
        Field("message_key", _l("Number of the message"), Kind.CODE, BillLine.message_key),
        Field("segments", _l("Billed segments"), Kind.NUMBER, BillLine.segments),
        Field("account", _l("SMS account"), Kind.CODE, BillLine.account),
        branch_field("branch", _l("Branch"), BillLine.branch_id),
    ),
    quick=(
        Quick("missing", _l("Missing in the ledger"), (rule("here", "no"),)),
        Quick("segments", _l("Other number of segments"), (rule("segments_differ", "yes"),)),
    ),
    links=(Link(_l("Import a bill"), "reconciling.bring", Permission.CONTROL, "upload", "primary"),),
    empty=Empty(
        _l("No bill was imported yet"),
        _l("Import the gateway's list of messages with their segments and price; each line is compared."),
        icon="receipt",
    ),
    export_permission=Permission.VIEW,
)
