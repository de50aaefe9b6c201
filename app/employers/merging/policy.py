"""Who looks at duplicates and who merges; what weighs how much; what may not be merged."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import aliased

from app.core.permissions import Actor, Grantable
from app.employers.merging.models import DuplicatePair, Merge
from app.employers.models import Employer, Stage
from app.employers.policy import in_reach, visible_to


class Permission(Grantable):
    VIEW = "merging:view", _l("See possible duplicates and the merges made")
    DECIDE = "merging:decide", _l("Say that two records are two employers")
    MERGE = "merging:merge", _l("Merge two records, and take a merge back")


#: What each rule adds to the score of a pair.
WEIGHTS = {
    "code": 60,
    "account": 60,
    "name": 45,
    "former_name": 40,
    "similar_name": 20,
    "phone": 25,
    "address": 15,
    "other_code": -40,
}
RULE_LABELS = {
    "code": _l("Same organisation in the credit code"),
    "account": _l("Same account number but for zeros and dashes"),
    "name": _l("Same name but for legal form, brackets and place"),
    "former_name": _l("One has the name that the other had before"),
    "similar_name": _l("Similar names"),
    "phone": _l("A contact with the same telephone number"),
    "address": _l("Same address"),
    "other_code": _l("Both have a credit code, and the codes differ"),
}
#: A pair is listed from this score on; at the second it is all but certain.
LISTED, CERTAIN = 40, 60
#: What more records than this have in common (an agency's telephone, an office tower) tells nothing.
CROWD = 20
#: Names are similar from this share of common pairs of characters on.
SIMILAR = 0.6


#: Made once: an alias of so wide a table takes milliseconds to make.
_one, _other = aliased(Employer), aliased(Employer)


def pair_visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """Pairs of two employers that are both in the actor's reach and not merged."""
    return and_(
        DuplicatePair.first_id.in_(select(_one.id).where(visible_to(actor, _one))),
        DuplicatePair.second_id.in_(select(_other.id).where(visible_to(actor, _other))),
    )


def merge_visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """Merges whose two records are both in the actor's reach."""
    return and_(
        Merge.kept_id.in_(select(_one.id).where(in_reach(actor, _one))),
        Merge.merged_id.in_(select(_other.id).where(in_reach(actor, _other))),
    )


#: Stages in which money of employees comes in or is due.
PAYING = frozenset({Stage.CONTRIBUTING, Stage.IN_ARREARS, Stage.ON_RELIEF})


def objections(kept: Employer, merged: Employer, reason: str) -> list[object]:
    """Every reason why the second record may not be merged into the first."""
    if kept.id == merged.id:
        return [_l("A record cannot be merged with itself. Choose another one.")]
    found: list[object] = [
        _l("“%(name)s” was merged into another record already.", name=one.name)
        for one in (kept, merged)
        if one.merged_into_id is not None
    ]
    if merged.employer_account_no and not kept.employer_account_no:
        found.append(_l("Keep the record that has the account: exchange the two."))
    if kept.stage in PAYING and merged.stage in PAYING and not reason.strip():
        found.append(_l("Both accounts take contributions. Say why they are one employer all the same."))
    elif kept.uscc and merged.uscc and kept.uscc != merged.uscc and not reason.strip():
        found.append(_l("Their credit codes differ. Say why they are one employer all the same."))
    return found
