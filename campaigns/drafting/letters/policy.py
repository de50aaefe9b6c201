"""What keeps a letter from leaving, for all of a campaign and for one employer."""

import re
import unicodedata
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l

from campaigns.channels.letter import text
from campaigns.drafting.models import Campaign, Exclusion

#: What people write where they know no address; shorter than this nothing is one.
_NONE = re.compile(r"(无|不详|未知|暂无|待补|同上|n/?a|null|none|test|测试)+", re.IGNORECASE)
_SHORTEST = 4
_WORD = re.compile(r"[^\W\d_]")


def plain(address: str) -> str:
    """An address without what differs between two ways of writing it: width, spaces, punctuation."""
    folded = unicodedata.normalize("NFKC", address).casefold()
    return "".join(character for character in folded if character.isalnum())


def unreachable(address: str | None) -> Exclusion | None:
    """Why no letter can go to what is written as an address; None where one can."""
    if not (address or "").strip():
        return Exclusion.NO_ADDRESS
    bare = plain(address or "")
    if len(bare) < _SHORTEST or _NONE.fullmatch(bare) or not _WORD.search(bare):
        return Exclusion.BAD_ADDRESS
    return None


def letter_objections(campaign: Campaign, on: date) -> list[Any]:
    """Everything that keeps the letters of a campaign from leaving, at once."""
    version = campaign.letter_version
    if version is None:
        return [_l("Choose the outline of the letter.")]
    reasons: list[Any] = []
    if version.template.case_only:
        reasons.append(_l("It is issued in a case by two officers only."))
    reasons += [
        _l("Nobody has confirmed the wording of %(basis)s: an administrator does it.", basis=basis)
        for basis in text.unconfirmed(text.wording(version), on)
    ]
    if campaign.deadline is not None and campaign.deadline < on:
        reasons.append(_l("The deadline has passed already."))
    return reasons
