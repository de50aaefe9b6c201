"""Who writes outlines and sets letterheads; what is printed together."""

from flask_babel import lazy_gettext as _l

from app.core.options import Option
from app.core.permissions import LEADERS, OFFICE, Grantable, Grants, Role


class Permission(Grantable):
    VIEW = "letters:view", _l("See outlines of letters and the register of document numbers")
    WRITE = "letters:write", _l("Write outlines of letters")
    HEAD = "letters:head", _l("Set how a branch heads and numbers its letters")


GRANTS: Grants = {
    Permission.VIEW: OFFICE,
    Permission.WRITE: LEADERS,
    Permission.HEAD: (Role.BRANCH_HEAD,),
}

#: As many go into one print batch; the print room counts it out and in.
BATCH = Option(
    "letters.batch",
    _l("Letters in one print batch"),
    usual=1000,
    low=1,
    high=1000,
    help=_l("A larger campaign is printed in several batches."),
)

#: What a letter costs; a campaign keeps what it cost when its audience was reckoned.
PRICE = Option(
    "letters.price",
    _l("Printing and postage of a letter"),
    usual=500,
    low=0,
    high=100_000,
    unit=_l("fen"),
    help=_l("A registered letter within the country, with paper and envelope."),
)

#: So many letters are set in one go: memory stays far under 400 MB, and four fill the usual print batch.
CHUNK = 250
