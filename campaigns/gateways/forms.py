"""What an administrator says about a gateway's code, an account, and a text filed with its provider."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, IntegerField, PasswordField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.core.forms.choices import offered
from campaigns.gateways.accounts import Entry
from campaigns.gateways.codes import FAILURES
from campaigns.gateways.models import GatewayAccount
from campaigns.gateways.protocol import FailureClass
from campaigns.gateways.registry import KINDS, labels


class CodeForm(FlaskForm):  # type: ignore[misc]
    code = StringField(_l("Code"), [InputRequired(), Length(max=40)])
    failure = SelectField(_l("Meaning"), coerce=FailureClass, choices=offered(FAILURES))
    note = StringField(
        _l("Reason"), [InputRequired(), Length(max=120)],
        description=_l("How it is known, such as the provider's answer and its date."),
    )  # fmt: skip


class AccountForm(FlaskForm):  # type: ignore[misc]
    """One account. What only some kinds ask for stands beside what all of them do."""

    name = StringField(_l("Name"), [InputRequired(), Length(max=60)])
    enabled = BooleanField(_l("Messages may go through it"))
    weight = IntegerField(
        _l("Share of the messages"),
        [InputRequired(), NumberRange(0, 100)],
        default=1,
        description=_l("Against the shares of the other accounts; 0: only when no other works."),
    )
    batch = IntegerField(
        _l("Messages in one request"), [InputRequired(), NumberRange(1, 10_000)], default=100
    )
    per_second = IntegerField(
        _l("Messages in one second"), [InputRequired(), NumberRange(1, 100_000)], default=100
    )
    secret = PasswordField(
        _l("Secret"),
        [Optional(), Length(max=120)],
        description=_l("It is sealed and never shown again; leave it empty to keep the one that is there."),
    )

    @classmethod
    def of(cls, kind: str) -> type["AccountForm"]:
        """The form of one kind, with what its accounts must say."""
        asked = KINDS[kind]
        fields: dict[str, Field] = {
            f"config_{name}": StringField(
                words,
                [Optional() if name.endswith("_path") else InputRequired(), Length(max=200)],
                default=asked.usual.get(name),
                description=asked.hints.get(name, ""),
            )
            for name, words in asked.asks.items()
        }
        if asked.keyed:
            fields["idempotent"] = BooleanField(
                _l("The provider promises in writing that a key submitted twice goes out once")
            )
        return type("AccountForm", (cls,), fields)

    def show(self, account: GatewayAccount) -> None:
        """The present configuration; the secret is not among it."""
        for name in KINDS[account.kind].asks:
            self[f"config_{name}"].data = account.config.get(name, "")

    def entry(self, kind: str) -> Entry:
        """What was filled in."""
        return Entry(
            name=self.name.data or "",
            kind=kind,
            enabled=bool(self.enabled.data),
            weight=self.weight.data or 0,
            batch=self.batch.data or 0,
            per_second=self.per_second.data or 0,
            idempotent="idempotent" in self and bool(self["idempotent"].data),
            config={name: self[f"config_{name}"].data or "" for name in KINDS[kind].asks},
            secret=self.secret.data or "",
        )


class NewAccountForm(FlaskForm):  # type: ignore[misc]
    """Of which kind, and how messages will call it for good."""

    code = StringField(
        _l("Code"),
        [InputRequired(), Length(2, 20)],
        description=_l("Small letters, digits and hyphens; messages keep it, so it never changes."),
    )
    kind = SelectField(_l("Kind"), choices=offered({name: kind.label for name, kind in KINDS.items()}))


class FiledTextForm(FlaskForm):  # type: ignore[misc]
    number = StringField(_l("Number at the provider"), [InputRequired(), Length(max=40)])
    text = TextAreaField(
        _l("Text as filed"),
        [InputRequired(), Length(max=500)],
        description=_l("Without the signature; write its variables as {name}, in the provider's order."),
    )


class WordForm(FlaskForm):  # type: ignore[misc]
    """A word that a gateway refuses."""

    word = StringField(_l("Word"), [InputRequired(), Length(max=40)])
    gateway = SelectField(_l("Refused by"))
    note = StringField(_l("Why, or who said so"), [Length(max=120)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.gateway.choices = offered({"": _l("every gateway")} | labels())
