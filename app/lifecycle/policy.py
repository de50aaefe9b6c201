"""Who moves an employer from stage to stage, and which employers figures of contribution count."""

from flask_babel import lazy_gettext as _l

from app.core.criteria.trees import Tree, rule
from app.core.options import Option
from app.core.periods import Period
from app.core.permissions import Grantable

#: operating status (table operating_status): licence revoked, deregistered
GONE = ("04", "05")
CLOSING_DAYS = Option(
    "lifecycle.closing_days", _l("Help to close an account within"), 20, 1, 90, _l("working days")
)
LATE_DAYS = Option(
    "lifecycle.late_days", _l("Ask why a contribution is late within"), 3, 1, 30, _l("working days")
)
#: as the law gives them from the event on (legal basis change_or_deregister)
DEREGISTER_DAYS = Option(
    "lifecycle.deregister_days", _l("Firms that are revoked or deregistered close their account within"),
    30, 1, 180, _l("days"), _l("Counted from the day of which the status is known."),
)  # fmt: skip
#: as the law gives them (legal basis register_in_time), for whoever watches an account without those of the
#: employees; among the options of the lead ledger, beside the days for registering
ACCOUNT_DAYS = Option(
    "leads.account_days", _l("Employee accounts after registration within"), usual=20, low=1, high=365,
    unit=_l("days"), help=_l("As the law has it; its wording is among the legal basis."),
)  # fmt: skip
OPTIONS = (CLOSING_DAYS, LATE_DAYS, DEREGISTER_DAYS)


class Permission(Grantable):
    MOVE = "lifecycle:move", _l("Move employers from stage to stage")
    DISMISS = "lifecycle:dismiss", _l("Set leads aside and take them up again")
    CLOSE = "lifecycle:close", _l("Seal, reopen and close employers' accounts")
    CORRECT_CLOSED = "lifecycle:correct_closed", _l("Correct the facts of employers whose account is closed")


# -- who is counted (domain rules E1 and E2), as criteria over employers ---------------------------------
#
# The worklist and the report of arrears reckon the same from the statements themselves, on any day; these
# are what the latest statement of each employer left of it, so that every figure leads to its rows. The stage
# does not decide: an employer that is closing its account, or whose deferment is over, still has to pay.


def behind(_period: Period) -> Tree:
    """欠缴单位: a month or more is due and unpaid."""
    return {"match": "all", "rules": [rule("arrears_months", "ge", "1")]}


def in_good_standing(_period: Period) -> Tree:
    """正常缴存单位: it has to pay, and nothing is due."""
    return {"match": "all", "rules": [rule("arrears_months", "le", "0"), *_PAYING]}


def should_contribute(period: Period) -> Tree:
    """应缴单位: normal accounts and opened ones that have paid, without those in approved deferment."""
    return {"match": "any", "rules": [behind(period), {"match": "all", "rules": [*_PAYING]}]}


_PAYING = (
    # the bank may still show as deferred what contributes again
    {
        "match": "any",
        "rules": [rule("account_status", "in", ["01", "02"]), rule("stage", "in", ["contributing"])],
    },
    rule("paid_through", "not_empty"),
    rule("stage", "not_in", ["on_relief"]),
)
