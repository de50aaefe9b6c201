"""An audience as it is reckoned: who is in it, by which number, and why not."""

from dataclasses import dataclass

from campaigns.drafting.content.models import Facts
from campaigns.drafting.models import Exclusion

#: employer and contact: nobody is in an audience twice for one employer
Who = tuple[int, int | None]


@dataclass(frozen=True, slots=True)
class Member:
    """One employer of the audience, or one of several people of it that a campaign is meant for; `lead` is
    whose message speaks for this one too."""

    employer_id: int
    contact_id: int | None
    phone: str | None
    excluded: Exclusion | None
    variables: dict[str, str]
    own_variables: dict[str, str]
    lead: Who | None = None
    address: str | None = None
    postal_code: str | None = None

    @property
    def who(self) -> Who:
        return self.employer_id, self.contact_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate(Member):
    """One that would get an SMS, with what the text may say of it."""

    facts: Facts


@dataclass(frozen=True, slots=True)
class Audience:
    members: tuple[Member, ...]
    outside_scope: int

    @property
    def recipients(self) -> int:
        return sum(member.excluded is None for member in self.members)
