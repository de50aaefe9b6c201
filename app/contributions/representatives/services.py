"""Legal representatives by statement: who follows whom, and the ID number, which is kept sealed.

A line speaks for its own employer. A later word stays, and a person's is asked for. A number that cannot be,
or is somebody else's, is left out and the row says so: the month's account must not wait for it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.contributions.papers import services as papers
from app.contributions.papers.services import Owners, Paper
from app.contributions.policy import month_of
from app.contributions.representatives import queries
from app.contributions.representatives.queries import Representative
from app.core.importing.spec import Context, Plan, Ref, Write, id_of
from app.core.personal.sealed import IdNumber
from app.employers.models import Contact, ContactRole, EmployerContact
from app.employers.people.services import serving
from app.employers.sources.policy import BY_HAND, STATEMENT

Values = Mapping[str, Any]
NAME, NUMBER, TYPE = "legal_rep_name", "legal_rep_id_number", "legal_rep_id_type"
PAPER = Paper(NUMBER, TYPE)
#: by which a sealed number is found
INDEX = "legal_rep_id_index"


@dataclass
class Known:
    """What is known of those whom a chunk's lines name."""

    present: Mapping[int, Representative]
    #: by employer and name, whatever the role
    here: Mapping[tuple[int, str], tuple[int, str | None]]
    #: employers whose representative left without anybody following
    left: Collection[int]
    papers: Owners = field(default_factory=dict)


def look(values: Sequence[Values], employer_ids: Sequence[int], context: Context) -> Known | None:
    """Reads what planning asks for; None where no line names a representative."""
    if not any(one.get(NAME) for one in values):
        return None
    owners = papers.owners(PAPER, values, context)
    present = queries.representatives_of(employer_ids)
    here, left = queries.people_at(employer_ids), queries.left_by(set(employer_ids) - present.keys())
    return Known(present, here, left, owners)


def may_tell(values: Values, employer_id: int, known: Known | None) -> bool:
    """Whether a line of an older month may name the representative: nobody is known yet, or since when.

    Who represents an employer must not depend on the month that is imported last.
    """
    if known is None or not values.get(NAME):
        return False
    present = known.present.get(employer_id)
    return employer_id not in known.left if present is None else present.told_on is not None


def plan_representative(made: Plan, employer: int | Ref, known: Known | None, context: Context) -> None:
    """Ends the former representative's role and opens the new one's, or keeps what is new of the present."""
    name = made.line.values.get(NAME)
    if known is None or not name:
        return
    present = known.present.get(employer) if isinstance(employer, int) else None
    if present is not None and present.name == name:
        _plan_again(made, present, known, context)
        return
    if present is not None and _is_gainsaid(made, present, name, context):
        return
    if present is not None:
        made.update(EmployerContact, present._asdict(), {"until": context.as_of, **told(context)})
        ended_roles(context).add(present.id)
    contact = _person(made, employer, name, known)
    role = {"contact_id": contact, "role": ContactRole.LEGAL_REP, "since": context.as_of}
    made.create(EmployerContact, {"employer_id": employer, **role, **told(context)})


def told(context: Context) -> dict[str, Any]:
    return {"told_by": STATEMENT, "told_on": month_of(context).last_day}


def _plan_again(made: Plan, present: Representative, known: Known, context: Context) -> None:
    person = (present.contact_id, present.name, present.id_number_index)
    papers.plan(made, PAPER, *person, known.papers)
    if present.told_by not in BY_HAND and _is_older(present, context):
        made.update(EmployerContact, present._asdict(), told(context), beside=True)


def _is_older(present: Representative, context: Context) -> bool:
    return present.told_on is None or present.told_on < month_of(context).last_day


def _is_gainsaid(made: Plan, present: Representative, name: str, context: Context) -> bool:
    """A later word says who represents the employer; or a person's, who is asked."""
    day = month_of(context).last_day
    if present.told_by in BY_HAND:
        since = (present.told_on or day).isoformat()
        replaced = context.answers.take(made.line.number, NAME, present.name)
        made.conflict(NAME, present.name, name, since=since, replaced=replaced)
        return not replaced
    if present.told_on is not None and present.told_on > day:
        made.remark("older_list", NAME)
        return True
    return False


def _person(made: Plan, employer: int | Ref, name: str, known: Known) -> int | Ref:
    """Whom the ID number means; else who of that name is there, perhaps as handler; else somebody new."""
    number: IdNumber | None = made.line.values.get(NUMBER)
    if number is not None and (owner := known.papers.get(number.number)) and owner[0] == name:
        return owner[1]
    new = next((one for one in made.writes if _is_new(one, name)), None)
    if new is not None:
        new.after.update(papers.sealed(made, PAPER, name, new.id, known.papers))
        return new.id
    here = known.here.get((employer, name)) if isinstance(employer, int) else None
    if here is not None and (number is None or here[1] is None):
        papers.plan(made, PAPER, here[0], name, here[1], known.papers)
        return here[0]
    contact = made.create(Contact, {"name": name, "mobile": None, "told": None})
    made.writes[-1].after.update(papers.sealed(made, PAPER, name, contact, known.papers))
    return contact


def _is_new(write: Write, name: str) -> bool:
    """Whether the line has made a record of this person already, who handles there."""
    return write.model is Contact and write.before is None and write.after["name"] == name


# What follows from what was written ---------------------------------------------------------------


def ended_roles(context: Context) -> set[int]:
    """The representatives' roles that this run has ended."""
    found: set[int] = context.memory.setdefault("ended_representatives", set())
    return found


def tell(plans: Sequence[Plan], context: Context) -> None:
    """Who followed whom stands on the timelines; the first representative of an employer is no change."""
    ended = ended_roles(context)
    changes = {}
    for made in plans:
        roles = [one for one in made.writes if one.model is EmployerContact]
        opened = [id_of(one.id) for one in roles if one.after.get("role") is ContactRole.LEGAL_REP]
        left = [id_of(one.id) for one in roles if one.id in ended]
        if opened and left:
            changes[opened[0]] = left
    if changes:
        serving.tell(serving.of_others(serving.handovers(changes), context.actor), context.actor)
