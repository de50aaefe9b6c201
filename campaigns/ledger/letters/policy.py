"""How long a worker may hold letters, and how long the post is waited for."""

from datetime import timedelta

from flask_babel import lazy_gettext as _l

from app.core.options import Option

#: Ten times as long as a batch takes on a busy machine. Whoever is later finds that another has made it.
LEASE = timedelta(minutes=3)

#: After letters could not be set, so long until they are tried again (once somebody lets the campaign go on).
AGAIN = timedelta(minutes=1)

PATIENCE = Option(
    "letters.patience_days",
    _l("A posted letter counts as not confirmed after"),
    usual=90,
    low=7,
    high=730,
    unit=_l("days"),
    help=_l("It counts as delivered, refused or returned once the post says so all the same."),
)

#: Reasons of the ledger for letters that did not arrive.
REASONS = {
    "refused": _l("Refused by the addressee"),
    "returned": _l("Returned by the post"),
    "void": _l("The letter was voided"),
}
