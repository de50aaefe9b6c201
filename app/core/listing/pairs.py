"""The worklist over pairs (`core.merging.pairing`), declared once: its fields, columns, filters, decisions.

What two records are called, what finds them and where they are compared stays with those who know them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field as FormField
from wtforms import StringField
from wtforms.validators import InputRequired, Length, ValidationError

from app.core.criteria.trees import Field, Kind, choices_of, rule
from app.core.language.text import clean
from app.core.listing.page import ListPage
from app.core.listing.parts import BulkAction, Column, Quick
from app.core.merging.pairing import STATE_LABELS, STATE_TONES, reopen
from app.core.permissions import Actor

SHORTEST_REASON = 2


class ApartForm(FlaskForm):  # type: ignore[misc]
    """Why two records are kept apart."""

    reason = StringField(_l("Why they are not the same"), validators=[InputRequired(), Length(max=500)])

    def validate_reason(self, field: FormField) -> None:
        field.data = clean(field.data or "")
        if len(field.data) < SHORTEST_REASON:
            raise ValidationError(_("Say why, in a few words."))


@dataclass(frozen=True)
class Pairs:
    """What is particular to pairs of one kind.

    `model` has the columns of `Pairing` and the relationships `first` and `second`; `called` names a record,
    `compared` gives the page that holds the two side by side. `first_name` is the SQL expression to sort by,
    `options` load what `called` reads. From the score `certain` on, a pair is all but certain.
    """

    model: Any
    called: Callable[[Any], str]
    compared: Callable[[Any], str | None]
    rules: Mapping[str, Any]
    certain: int
    first_name: Any
    options: tuple[Any, ...]
    decided_by: Field
    #: writes down that the two are kept apart, and what is said for it above the many rows
    keep_apart: Callable[[Any, str, Actor], None]
    apart: Any
    #: who may decide
    permission: str

    def page(self, **more: Any) -> ListPage:
        """The worklist; `more` are its name, title, select, search and words."""
        return ListPage(
            key=self.model.id,
            template="shared/pairs.html",
            default={"match": "all", "rules": [rule("state", "in", ["open"])]},
            default_sort="-score",
            fields=self._fields(),
            columns=self._columns(),
            quick=(
                Quick("certain", _l("All but certain"), (rule("score", "ge", str(self.certain)),)),
                Quick("kept_apart", _l("Not a duplicate"), (rule("state", "in", ["distinct"]),)),
            ),
            bulk=self._decisions(),
            **more,
        )

    def _fields(self) -> tuple[Field, ...]:
        pair = self.model
        return (
            Field("state", _l("State"), Kind.CHOICE, pair.state, choices=choices_of(STATE_LABELS)),
            Field("score", _l("Score"), Kind.NUMBER, pair.score),
            Field("found_at", _l("Found"), Kind.MOMENT, pair.found_at),
            self.decided_by,
        )

    def _columns(self) -> tuple[Column, ...]:
        pair, called, compared, rules = self.model, self.called, self.compared, self.rules
        return (
            Column(
                "first", _l("Record"), value=lambda row: called(row.first), sort=self.first_name,
                link=compared, options=self.options,
            ),
            Column(
                "second", _l("May be the same as"), value=lambda row: called(row.second), link=compared,
                options=self.options,
            ),
            Column("score", _l("Score"), sort=pair.score, falling=True, number=True),
            Column("rules", _l("Why"), value=lambda row: [rules.get(one, one) for one in row.rules]),
            Column(
                "state", _l("State"), sort=pair.state,
                badge=lambda row: (STATE_LABELS[row.state], STATE_TONES[row.state]),
            ),
            Column("reason", _l("Reason"), sort=pair.reason, shown=False),
            Column("found_at", _l("Found"), sort=pair.found_at, falling=True, shown=False),
        )  # fmt: skip

    def _decisions(self) -> tuple[BulkAction, ...]:
        def keep_apart(pair: Any, actor: Actor, form: FlaskForm) -> None:
            self.keep_apart(pair, form.reason.data or "", actor)

        def look_again(pair: Any, _actor: Actor, _form: FlaskForm) -> None:
            reopen(pair)

        return (
            BulkAction(
                "apart", self.apart, self.permission, act=keep_apart, form=ApartForm, icon="people",
                tone="secondary", undoable=True,
            ),
            BulkAction(
                "again", _l("Look at it again"), self.permission, act=look_again,
                icon="arrow-counterclockwise", tone="secondary", undoable=True,
            ),
        )  # fmt: skip
