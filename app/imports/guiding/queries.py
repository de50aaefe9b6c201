"""The columns of a kind of file, explained: on its page, and on the second sheet of its empty workbook."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from app.core.clock import today
from app.core.code_tables import codes
from app.core.importing.spec import Column, ImportSpec
from app.core.sheets.workbooks import Notice

#: as many words as a line of the page has room for
MOST_SHOWN = 12


@dataclass(frozen=True)
class Guide:
    """A column, and the words that may stand in it; none: whatever fits its example."""

    column: Column
    example: str
    words: Sequence[str]

    @property
    def shown(self) -> Sequence[str]:
        return self.words[:MOST_SHOWN]

    @property
    def hidden(self) -> int:
        return len(self.words) - len(self.shown)

    @property
    def sentence(self) -> str:
        """All of it in a cell of the workbook."""
        _heading, *others = self.column.aliases
        parts = [_("Required") if self.column.required else _("May stay empty")]
        if self.example:
            parts.append(_("such as: %(example)s", example=self.example))
        if self.words:
            parts.append(_("one of: %(words)s", words="、".join(self.words)))
        if others:
            parts.append(_("other headings: %(headings)s", headings="、".join(others)))
        return "；".join(parts)


def guide_to(spec: ImportSpec) -> list[Guide]:
    return [Guide(one, spec.examples.get(one.name, ""), _words(spec, one)) for one in spec.columns]


def _words(spec: ImportSpec, column: Column) -> Sequence[str]:
    """The spec's own, or codes and words of the table that the column is read by, as they are today."""
    if own := spec.words.get(column.name):
        return [str(word) for word in own]
    table = spec.coded.get(column.name)
    day = today()
    known = codes(table).items() if table else ()
    return [f"{code} {one.label}" for code, one in known if one.valid_on(day)]


def notice_of(spec: ImportSpec) -> Notice:
    """The sheet behind the headings."""
    lines = [(guide.column.aliases[0], guide.sentence) for guide in guide_to(spec)]
    return Notice(_("How to fill it in"), lambda _rows: lines)
