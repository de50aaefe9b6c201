"""Who speaks for whom: the employers that share a number get one message, or none."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from campaigns.drafting.audience.models import Candidate, Who
from campaigns.drafting.content.policy import Filling
from campaigns.drafting.models import Exclusion

#: why a message with these values is not sent
Stop = Callable[[Mapping[str, str]], Exclusion | None]


@dataclass(frozen=True, slots=True)
class Lot:
    """Who is held out: the same people each time the audience is reckoned, others in another campaign."""

    campaign_id: int
    of_hundred: int

    def falls_on(self, whom: str | None) -> bool:
        """`whom`: the number that is written to, or what stands for it."""
        drawn = hashlib.sha256(f"{self.campaign_id}:{whom}".encode()).digest()
        return int.from_bytes(drawn[:8], "big") % 100 < self.of_hundred


def merge(members: Sequence[Candidate], wording: Filling, lot: Lot, stop: Stop) -> list[Candidate]:
    """One person, one message: the employers that share a number are spoken for by the first of them.

    Of a wording that is meant for one employer alone, each has its own.
    """
    groups: dict[object, list[Candidate]] = {}
    for member in members:
        if member.excluded is None and member.phone is not None:
            whom = member.phone if wording.joins else (member.phone, member.employer_id)
            groups.setdefault(whom, []).append(member)
    settled: dict[Who, Candidate] = {}
    for group in groups.values():
        settled |= {member.who: member for member in _spoken_for(group, wording, lot, stop)}
    return [settled.get(member.who, member) for member in members]


def _spoken_for(group: Sequence[Candidate], wording: Filling, lot: Lot, stop: Stop) -> list[Candidate]:
    """What could not be said of an employer alone is not said of it among others either: a sum would leave
    out what nobody knows."""
    judged = [replace(member, excluded=stop(member.own_variables)) for member in group]
    silent = [member for member in judged if member.excluded is not None]
    heard = [member for member in judged if member.excluded is None]
    return silent + (_together(heard, wording, lot, stop) if heard else [])


def _together(group: Sequence[Candidate], wording: Filling, lot: Lot, stop: Stop) -> list[Candidate]:
    first = group[0]
    # two people of one employer may share a number
    facts = list({member.employer_id: member.facts for member in group}.values())
    together = wording.values(facts) if len(facts) > 1 else first.own_variables
    excluded = stop(together) if len(facts) > 1 else None
    if excluded is None and lot.falls_on(first.phone):
        excluded = Exclusion.HOLD_OUT
    if excluded:
        return [replace(member, excluded=excluded) for member in group]
    lead = replace(first, variables=together)
    others = [replace(m, excluded=Exclusion.MERGED, lead=first.who) for m in group[1:]]
    return [lead, *others]
