"""Who may read a notice, for how long, and how often one may guess.

Nobody signs in here, so there are no permissions: the link proves that the message or the letter was seen,
the last digits of the mobile or of the account that it is meant for the reader.
"""

from datetime import timedelta

from flask_babel import lazy_gettext as _l

from app.core.options import Option
from campaigns.ledger.models import MessageState

LINK_DAYS = Option(
    "notices.link_days",
    _l("Days for which the link in a message can be opened"),
    usual=30,
    low=1,
    high=60,
    unit=_l("days"),
)
LETTER_DAYS = Option(
    "notices.letter_days",
    _l("Days for which the code of a letter can be opened"),
    usual=730,
    low=30,
    high=3650,
    unit=_l("days"),
)
TRIES = Option(
    "notices.tries",
    _l("Wrong answers until a notice closes for a while"),
    usual=5,
    low=2,
    high=10,
    unit=_l("tries"),
)
LOCK_MINUTES = Option(
    "notices.lock_minutes",
    _l("For how long it is closed then"),
    usual=30,
    low=5,
    high=1440,
    unit=_l("minutes"),
)
OPTIONS = (LINK_DAYS, LETTER_DAYS, TRIES, LOCK_MINUTES)

#: No link is deleted while it may still be opened.
LINK_MONTHS = 2

#: Digits of the mobile or account number that are asked for.
DIGITS = 4

#: How long a right answer holds in one browser.
TRUST = timedelta(minutes=30)

#: From one address, so that links cannot be found by trying.
READ_LIMIT = "60/minute"
WRITE_LIMIT = "20/minute"
#: Documents are typeset when they are asked for.
PDF_LIMIT = "10/minute"
#: For one link, from wherever it is opened, so that its digits cannot be found from many addresses.
LINK_READS = "120/minute"
LINK_WRITES = "40/minute"

#: Nobody has got these messages, so nobody can know their links.
UNSENT = (MessageState.PLANNED, MessageState.SUPPRESSED)
