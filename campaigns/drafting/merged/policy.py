"""Who speaks for whom: the employers that share a number get one message, or none."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from campaigns.drafting.audience.models import Candidate, Who
from campaigns.drafting.content.policy import Filling, missing
from campaigns.drafting.models import Exclusion
from campaigns.gateways import words


@dataclass(frozen=True, slots=True)
class Lot:
    """Who is held out: the same people each time the audience is reckoned, others in another campaign."""

    campaign_id: int
    of_hundred: int

    def falls_on(self, whom: str | None) -> bool:
        """`whom`: the number that is written to, or what stands for it."""
        drawn = hashlib.sha256(f"{self.campaign_id}:{whom}".encode()).digest()
        return int.from_bytes(drawn[:8], "big") % 100 < self.of_hundred


def merge(
    members: Sequence[Candidate], wording: Filling, lot: Lot, refused: Sequence[words.Refused]
) -> list[Candidate]:
    """One person, one message: the employers that share a number are spoken for by the first of them."""
    groups: dict[str, list[Candidate]] = {}
    for member in members:
        if member.excluded is None and member.phone is not None:
            groups.setdefault(member.phone, []).append(member)
    settled: dict[Who, Candidate] = {}
    for group in groups.values():
        settled |= {member.who: member for member in _spoken_for(group, wording, (lot, refused))}
    return [settled.get(member.who, member) for member in members]


def _spoken_for(
    group: Sequence[Candidate], wording: Filling, stops: tuple[Lot, Sequence[words.Refused]]
) -> list[Candidate]:
    first, (lot, refused) = group[0], stops
    # two people of one employer may share a number
    facts = list({member.employer_id: member.facts for member in group}.values())
    together = wording.values(facts) if len(facts) > 1 else first.own_variables
    excluded = None
    if missing(wording.used, together):
        excluded = Exclusion.MISSING_VALUE
    elif refused and words.found(" ".join(together.values()), refused):
        excluded = Exclusion.FORBIDDEN_WORD
    elif lot.falls_on(first.phone):
        excluded = Exclusion.HOLD_OUT
    if excluded:
        return [replace(member, excluded=excluded) for member in group]
    lead = replace(first, variables=together)
    others = [replace(m, excluded=Exclusion.MERGED, lead=first.who) for m in group[1:]]
    return [lead, *others]
