"""The variables of a text: what each is called, where its value comes from and how it is written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.periods import Period
from campaigns.channels.letter.models import VariableKind
from campaigns.channels.sms.models import SmsVersion
from campaigns.channels.sms.text import placeholders

#: a typed value on its way into a text
Value = str | int | Decimal | Period | date


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one employer and the person it is reached by, as far as texts may use it."""

    employer: str
    handler: str
    department: str
    phone: str
    specialist: str | None = None
    months: int | None = None
    paid_through: Period | None = None
    heads: int | None = None
    monthly_amount: Decimal | None = None
    deadline: date | None = None

    @property
    def amount(self) -> Decimal | None:
        """An estimate: the months due at the present monthly amount."""
        if not self.months or self.monthly_amount is None:
            return None
        return self.monthly_amount * self.months


@dataclass(frozen=True)
class Variable:
    """`read` takes the facts of every employer that one message speaks for; None: there is no value."""

    name: str
    label: Any
    read: Callable[[Sequence[Facts]], Value | None]
    write: Callable[[Any], str]
    kind: VariableKind = VariableKind.TEXT


def _first(name: str) -> Callable[[Sequence[Facts]], Value | None]:
    return lambda facts: next((v for f in facts if (v := getattr(f, name)) not in (None, "")), None)


def _known(name: str, facts: Sequence[Facts]) -> list[Any]:
    return [value for f in facts if (value := getattr(f, name)) is not None]


def _over(name: str, fold: Callable[[list[Any]], Value]) -> Callable[[Sequence[Facts]], Value | None]:
    """Several employers in one message: the worst month, the sum of the money."""
    return lambda facts: fold(known) if (known := _known(name, facts)) else None


def _employers(facts: Sequence[Facts]) -> str:
    first = facts[0].employer
    return first if len(facts) == 1 else f"{first}等{len(facts)}家单位"


_TROUBLE = frozenset("【】")


def _one_line(value: str) -> str:
    # The brackets mark the signature, and a line break would split the message on some phones.
    if value.isprintable() and not _TROUBLE & set(value):
        return value
    plain = " ".join(value.replace("【", "（").replace("】", "）").split())
    return "".join(character for character in plain if character.isprintable())


def _month(value: Period) -> str:
    return f"{value.year}年{value.month}月"


def _day(value: date) -> str:
    return f"{value.year}年{value.month}月{value.day}日"


def _yuan(value: Decimal) -> str:
    return f"{value:.2f}元"


#: The link is not read from facts: each message gets its own when the ledger is planned.
LINK = "link"

VARIABLES: dict[str, Variable] = {
    variable.name: variable
    for variable in (
        Variable("employer", _l("Employer's name"), _employers, _one_line),
        Variable("handler", _l("Name of the contact"), _first("handler"), _one_line),
        Variable("months", _l("Months in arrears"), _over("months", max), str, VariableKind.NUMBER),
        Variable("paid_through", _l("Paid through"), _over("paid_through", min), _month, VariableKind.MONTH),
        Variable("amount", _l("Amount due, estimated"), _over("amount", sum), _yuan, VariableKind.MONEY),
        Variable("heads", _l("Contributing employees"), _over("heads", sum), str, VariableKind.NUMBER),
        Variable("deadline", _l("Deadline"), _first("deadline"), _day, VariableKind.DATE),
        Variable("specialist", _l("The employer's specialist"), _first("specialist"), _one_line),
        Variable("department", _l("Our department"), _first("department"), _one_line),
        Variable("phone", _l("Our telephone number"), _first("phone"), _one_line),
        Variable(LINK, _l("Personal link to the notice"), lambda _facts: None, str),
    )
}


@dataclass(frozen=True, slots=True)
class Declared:
    """A variable of one text: where its value comes from, and what stands there for those who have none.

    `known` ones are read of the employer; the others an author fills in for the whole campaign. Whatever has
    no default is required: without a value nobody is written to.
    """

    name: str
    label: Any
    kind: VariableKind
    default: str
    known: bool

    @property
    def required(self) -> bool:
        return not self.default and self.name != LINK


def declared(version: SmsVersion | None) -> dict[str, Declared]:
    """The variables of a wording's text by name, in its order; of a text that is written freely: none.

    One that nobody declared yet is there with its name as label, so that a draft can be asked for it.
    """
    if version is None:
        return {}
    said = {one["name"]: one for one in version.variables or ()}
    return {name: _declared(name, said.get(name, {})) for name in placeholders(version.text)}


def _declared(name: str, said: dict[str, Any]) -> Declared:
    default = str(said.get("default") or "")
    if known := VARIABLES.get(name):
        return Declared(name, known.label, known.kind, default, True)
    kind = VariableKind(said.get("kind") or VariableKind.TEXT)
    return Declared(name, str(said.get("label") or ""), kind, default, False)
