"""Which employers the lines of a lead list are about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.core.importing.spec import Context, Line
from app.core.language.text import name_key
from app.employers.sources.policy import FIELDS
from app.employers.sources.queries import Known, by_code, by_name, nameless_codes, said_before


@dataclass
class Directory:
    """The employers that a chunk of lines names, and what the source said of them before."""

    codes: Mapping[str, Known]
    #: without a credit code yet: a line that brings it may be about them
    without_code: dict[str, Known]
    names: Mapping[str, Sequence[Known]]
    said: Mapping[tuple[int, str], Known]

    def of_code(self, line: Line) -> Known | None:
        """The employer of the line's code, or the one of its name whose code was missing until now."""
        known = self.codes.get(line.values["uscc"])
        return known or self.without_code.pop(name_key(line.values["name"]), None)


def directory(lines: Sequence[Line], context: Context, source: str, columns: Sequence[str] = ()) -> Directory:
    """Looks a chunk up in a fixed number of statements; lines may lack a credit code."""
    wanted = (*FIELDS[source], *columns)
    coded = [line for line in lines if line.values.get("uscc")]
    codes = by_code({line.values["uscc"] for line in coded}, context.actor, wanted)
    unknown = {name_key(line.values["name"]) for line in coded if line.values["uscc"] not in codes}
    without_code = nameless_codes(unknown, context.actor, wanted)
    keys = {name_key(line.values["name"]) for line in lines if not line.values.get("uscc")}
    names = by_name(keys, context.actor, wanted)
    found = [*codes.values(), *without_code.values(), *(one for rows in names.values() for one in rows)]
    said = said_before([one["id"] for one in found], source, context.as_of)
    return Directory(codes, without_code, names, said)
