"""The worklist of duplicates, and the merges that were made."""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import aliased, joinedload

from app.accounts.lists import user_field
from app.core.criteria.trees import Field, Kind
from app.core.links import url_if
from app.core.listing.page import Column, Empty, Link, ListPage
from app.core.listing.pairs import Pairs
from app.employers.merging import queries
from app.employers.merging.models import DuplicatePair, Merge
from app.employers.merging.policy import CERTAIN, RULE_LABELS, Permission
from app.employers.merging.services import deciding
from app.employers.models import Employer
from app.employers.policy import Permission as EmployerPermission
from app.employers.search.queries import matching

_first = aliased(Employer)
_first_name = select(_first.name).where(_first.id == DuplicatePair.first_id).scalar_subquery()


def _concerns(text: str) -> Any:
    """Pairs of which either employer is found by the text."""
    found = select(Employer.id).where(matching(text))
    return DuplicatePair.first_id.in_(found) | DuplicatePair.second_id.in_(found)


DUPLICATES = Pairs(
    model=DuplicatePair,
    called=lambda employer: employer.name,
    compared=lambda pair: url_if("merging.pair", pair_id=pair.id),
    rules=RULE_LABELS,
    certain=CERTAIN,
    first_name=_first_name,
    options=(joinedload(DuplicatePair.first), joinedload(DuplicatePair.second)),
    decided_by=user_field("decided_by", _l("Decided by"), DuplicatePair.decided_by_id),
    keep_apart=deciding.keep_apart,
    apart=_l("Two employers after all"),
    permission=Permission.DECIDE,
).page(
    name="duplicates",
    endpoint="merging.index",
    title=_l("Possible duplicates"),
    lead=_l("Records that may be one employer, the surest first. Looked for every night."),
    select=queries.pairs,
    search=_concerns,
    search_hint=_l("Employer's name, code or pinyin"),
    export_permission=EmployerPermission.EXPORT,
    links=(Link(_l("Merges made"), "merging.merges", Permission.VIEW, "clock-history"),),
    empty=Empty(
        _l("No duplicates found"),
        _l("Records that share a name, code, account, telephone or address would be listed here."),
    ),
)


def _merge_state(one: Merge) -> tuple[object, str]:
    return (_l("Merge undone"), "neutral") if one.undone_at else (_l("Merged into one"), "done")


MERGES = ListPage(
    name="merges",
    endpoint="merging.merges",
    title=_l("Merges made"),
    select=queries.merges,
    key=Merge.id,
    default_sort="-at",
    fields=(
        Field("at", _l("When"), Kind.MOMENT, Merge.at),
        Field("kept_name", _l("Kept record"), Kind.TEXT, Merge.kept_name),
        Field("merged_name", _l("Merged record"), Kind.TEXT, Merge.merged_name),
        user_field("by", _l("By"), Merge.by_id),
        Field(
            "undone", _l("Merge undone"), Kind.BOOL, Merge.undone_at.is_not(None),
            denied=_l("Merge not undone"),
        ),
    ),
    columns=(
        Column(
            "merged_name", _l("Merged record"), sort=Merge.merged_name,
            link=lambda one: url_if("merging.show", id=one.id),
        ),
        Column("kept_name", _l("Kept record"), sort=Merge.kept_name),
        Column("at", _l("When"), sort=Merge.at, falling=True),
        Column("by", _l("By"), value=lambda one: one.by.name),
        Column("moved", _l("Entries moved"), sort=Merge.moved, falling=True, number=True),
        Column("state", _l("State"), badge=_merge_state),
    ),
    export_permission=EmployerPermission.EXPORT,
    empty=Empty(_l("Nothing was merged yet"), _l("Begin with the possible duplicates.")),
)  # fmt: skip
