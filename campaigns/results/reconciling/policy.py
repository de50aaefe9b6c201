"""What may come of holding one line against another, and what of it is a difference."""

from enum import StrEnum

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement

from app.accounts.policy import in_scope
from app.core.permissions import Actor
from campaigns.results.reconciling.models import BillLine


class Verdict(StrEnum):
    """Of a message beside the gateway's bill."""

    MATCHED = "matched"
    #: neither delivered nor billed: nothing is owed
    FREE = "free"
    NOT_BILLED = "not_billed"
    #: billed, although the ledger says that it was never handed over
    NOT_SENT = "not_sent"
    TWICE = "twice"
    SEGMENTS = "segments"
    COST = "cost"


VERDICTS = {
    Verdict.MATCHED: (_l("Agrees"), "good"),
    Verdict.FREE: (_l("Not delivered and not billed"), "done"),
    Verdict.NOT_BILLED: (_l("In the ledger, not on the bill"), "warning"),
    Verdict.NOT_SENT: (_l("Billed, but never sent"), "danger"),
    Verdict.TWICE: (_l("Billed more than once"), "danger"),
    Verdict.SEGMENTS: (_l("Other number of segments"), "danger"),
    Verdict.COST: (_l("Other cost"), "danger"),
}
#: in which the ledger and the bill do not say the same
DIFFERENCES = tuple(verdict for verdict in Verdict if verdict not in (Verdict.MATCHED, Verdict.FREE))


class Printed(StrEnum):
    """Of a letter of the ledger beside the manifests of its print batches."""

    MATCHED = "matched"
    #: at the print room, or not handed out yet
    UNDER_WAY = "under_way"
    NO_LETTER = "no_letter"
    NO_LINE = "no_line"
    #: the line is marked as spoilt, but the letter still counts
    SPOILT = "spoilt"


PRINTED = {
    Printed.MATCHED: (_l("Agrees"), "good"),
    Printed.UNDER_WAY: (_l("Not back from printing yet"), "active"),
    Printed.NO_LETTER: (_l("Made, but without a number"), "danger"),
    Printed.NO_LINE: (_l("On no manifest"), "warning"),
    Printed.SPOILT: (_l("Marked as spoilt, but valid"), "danger"),
}
PRINT_DIFFERENCES = (Printed.NO_LETTER, Printed.NO_LINE, Printed.SPOILT)


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The lines of bills that somebody of the actor's branch, or of one in reach, brought."""
    return in_scope(actor, BillLine.branch_id)
