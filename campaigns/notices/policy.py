"""Who may read a notice, for how long, and how often one may guess.

Nobody signs in here, so there are no permissions: the link proves that the message was seen, the last digits
of the number that it was sent to prove that it was meant for the reader.
"""

from datetime import datetime, timedelta

from campaigns.ledger.models import Message, MessageState

#: How long a link leads somewhere.
LINK_DAYS = 30

#: No link is deleted while it may still be opened.
LINK_MONTHS = 2

#: Digits of the mobile number that are asked for.
DIGITS = 4

#: Wrong answers until the notice closes, and for how long.
TRIES = 5
LOCK = timedelta(minutes=30)

#: How long a right answer holds in one browser.
TRUST = timedelta(minutes=30)

#: Working days within which somebody answers a request.
ANSWER_DAYS = 2

#: From one address, so that links cannot be found by trying.
READ_LIMIT = "60/minute"
WRITE_LIMIT = "20/minute"

#: Nobody has got these messages, so nobody can know their links.
UNSENT = (MessageState.PLANNED, MessageState.SUPPRESSED)


def expires_at(message: Message) -> datetime:
    """When the link stops leading anywhere."""
    return message.created_at + timedelta(days=LINK_DAYS)
