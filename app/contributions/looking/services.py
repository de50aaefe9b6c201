"""What is known of the employers of a chunk, in a fixed number of statements whatever the chunk's size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.contributions import queries
from app.contributions.handlers import services as handlers
from app.contributions.handlers.services import Meant
from app.contributions.policy import month_of, read_unit, tables_of_run
from app.contributions.queries import Handler, Known
from app.contributions.representatives import services as representatives
from app.core.importing.spec import Context, Line

Values = Mapping[str, Any]


@dataclass
class Looked:
    """What is known of the employers that a chunk names."""

    employers: dict[str, Known]
    #: whose an account number is: by credit code
    accounts: dict[str, str | None]
    facts: dict[int, Known]
    handlers: dict[int, Handler]
    meant: Meant
    representatives: representatives.Known | None
    #: what of a line could not be read, by its number
    unread: dict[int, dict[str, str]]


def look(lines: Sequence[Line], context: Context) -> Looked:
    unread = {line.number: read_unit(line.values, tables_of_run(context)) for line in lines}
    values = [line.values for line in lines]
    employers = queries.employers_by_code({one["uscc"]: one["name"] for one in values}, context.actor)
    ids = [employer["id"] for employer in employers.values()]
    present = queries.handlers_of(ids)
    # what a dry run would have written by now
    claimed: dict[str, str | None] = context.memory.setdefault("accounts", {}) if context.dry_run else {}
    claimed.update(queries.codes_by_account(_foreign_accounts(values, employers)))
    return Looked(
        employers,
        claimed,
        queries.facts_of(ids, month_of(context)),
        present,
        handlers.look(
            _new_people(values, employers, present),
            _renumbered(values, employers, present, "mobile"),
            {one.contact_id for one in _renumbered(values, employers, present, "landline")},
            _numberless(values, employers, present),
            values,
            context,
        ),
        representatives.look(values, ids, context),
        unread,
    )


def _foreign_accounts(values: Sequence[Values], employers: Mapping[str, Known]) -> set[str]:
    """The account numbers that are not their employers' already."""
    return {
        one["employer_account_no"]
        for one in values
        if one["uscc"] not in employers
        or employers[one["uscc"]]["employer_account_no"] != one["employer_account_no"]
    }


def _new_people(
    values: Sequence[Values], employers: Mapping[str, Known], known: Mapping[int, Handler]
) -> set[str]:
    """The mobile numbers that are not those of their employers' present handlers already."""
    present = {
        code: (handler.name, handler.mobile)
        for code, employer in employers.items()
        if (handler := known.get(employer["id"]))
    }
    return {
        mobile
        for one in values
        if (mobile := one.get("handler_mobile"))
        and present.get(one["uscc"]) != (one.get("handler_name"), mobile)
    }


def _renumbered(
    values: Sequence[Values], employers: Mapping[str, Known], known: Mapping[int, Handler], number: str
) -> list[Handler]:
    """The present handlers to whom lines give another `number`: mobile or landline."""
    return [
        handler
        for one in values
        if (employer := employers.get(one["uscc"])) and (handler := known.get(employer["id"]))
        if handler.name == one.get("handler_name")
        and one.get(f"handler_{number}") not in (None, getattr(handler, number))
    ]


def _numberless(
    values: Sequence[Values], employers: Mapping[str, Known], known: Mapping[int, Handler]
) -> list[int]:
    """The employers whose lines name another handler without a number."""
    return [
        employer["id"]
        for one in values
        if one.get("handler_name") and not one.get("handler_mobile")
        if (employer := employers.get(one["uscc"]))
        if (handler := known.get(employer["id"])) is None or handler.name != one["handler_name"]
    ]
